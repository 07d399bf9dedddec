"""How do processes start, end with their parent, and leave in time? Not what they do."""
