"""What do logs and metrics say? Nothing is decided here."""
