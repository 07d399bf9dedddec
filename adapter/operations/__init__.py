"""What an operator may decide about a call. The commands and the pages call it; it prints nothing."""
