"""Logs and metrics. Nothing is decided here."""
