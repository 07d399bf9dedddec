"""How does a due call reach the target, durably?"""
