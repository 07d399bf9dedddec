"""How is text from outside cut and made plain? It knows of no calls."""
