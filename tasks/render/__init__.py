"""Jinja to HTML to PDF, and the charts."""
