"""Does every call that the provider lists stand in the records? What no hook told is taken in."""
