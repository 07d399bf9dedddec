"""Puts phone calls on the right person's record in the property manager's system."""

# Here, not read from what pip installed: hosts run these files without installing them.
__version__ = "0.1.0"
