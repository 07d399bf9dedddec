"""Telling people that something is wrong, and that it is over: the rules are adapter.domain.alert_rules."""
