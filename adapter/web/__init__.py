"""The HTTP side: hooks in, health and metrics out, pages for people. No decision is made here."""
