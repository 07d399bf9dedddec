"""How does a due call reach the target, once? Not when a worker runs it."""
