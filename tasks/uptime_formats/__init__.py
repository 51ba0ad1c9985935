"""Formats of uptime history: one module each, found by discovery; see `tasks.uptime_history`."""
