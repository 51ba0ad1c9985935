"""A deterministic quarter of source files in the real formats."""
