"""Pure parsers of what stock commands say is installed: one file per output format."""
