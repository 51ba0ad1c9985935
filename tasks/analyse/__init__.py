"""The quarter's facts, one file per section of the report."""
