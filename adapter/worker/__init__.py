"""What does the worker process run, and when? Not how a call is delivered."""
