"""The HTTP side: hooks in, health and metrics out, pages for people."""

from flask import Flask as App

from adapter.web.app import create_app

__all__ = ["App", "create_app"]
