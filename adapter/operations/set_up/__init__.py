"""How do lines come about by questions and answers? (`adapter setup`)"""
