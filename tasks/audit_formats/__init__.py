"""Results of audit tools: one file per format."""
