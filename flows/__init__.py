"""What runs: one file, one flow; cli.py is the upkeep command."""
