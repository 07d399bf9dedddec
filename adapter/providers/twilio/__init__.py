"""Twilio: its signature, its hooks, its REST API. Nothing else in the adapter knows its words."""

from adapter.providers.twilio.provider import TwilioHooks, build

__all__ = ["TwilioHooks", "build"]
