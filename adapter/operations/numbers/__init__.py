"""Which numbers do the providers have for us, do they call back here, and how are they connected?"""
