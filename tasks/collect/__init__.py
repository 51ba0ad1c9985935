"""One file per source: its name is the kind in sites.yaml."""
