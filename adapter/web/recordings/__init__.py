"""What opens behind the link of a call: its page, or its recording? Links are made elsewhere."""
