"""How is HTTP spoken safely with others? No word of any vendor."""
