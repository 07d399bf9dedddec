"""What may an operator decide about a call? Called by every face; it prints and renders nothing."""
