"""What the link of a call opens: its page, and its recording. The links are made elsewhere."""
