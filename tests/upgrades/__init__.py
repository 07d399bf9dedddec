"""What does a database of an earlier version need?"""
