"""Formats of feeds: advisories, what is exploited, what is likely to be, and how long products are supported."""
