"""Text: cutting what comes from outside, making it plain, and durations and lists in words."""
