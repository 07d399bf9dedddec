"""What is kept, and how is it asked for? All SQL, and no rule of what a call means."""
