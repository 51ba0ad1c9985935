"""One file per recommendation rule."""
