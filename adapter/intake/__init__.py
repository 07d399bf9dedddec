"""How does a hook become facts of a call that are stored? Nothing is written to a target here."""
