"""What must a provider of calls offer? Each has a package of its own, and knows of no target."""
