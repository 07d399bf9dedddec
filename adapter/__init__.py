"""Puts phone calls on the right person's record in the property manager's system."""
