"""Comparing the provider's call log with the records. A call that no hook told of is taken in."""
