"""One file per log format, with its SQL beside it."""
