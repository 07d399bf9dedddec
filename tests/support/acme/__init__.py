"""Acme Voice: a made-up telephony provider, written by following docs/adding-a-provider.md.

`hooks`, `api` and `media` are what would stand in adapter/providers/acme; `server` is the stand-in for its API.
"""

from tests.support.acme.build import build

__all__ = ["build"]
