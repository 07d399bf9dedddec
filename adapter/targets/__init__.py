"""What must a target of events offer? Each has a package of its own, and knows of no provider."""
