"""How processes start, end with their parent, and end in time. What they do is not here."""
