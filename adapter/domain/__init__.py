"""What is a call, whose is it, and how did it end? Pure rules: no SQL, no input or output, no settings."""
