"""The work: collecting, parsing, analysing, recommending, rendering."""
