"""The SQL of the warehouse and the thin Python that applies it."""
