"""What a call is, whose it is, and where it is kept."""
