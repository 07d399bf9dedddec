"""How are the adapter and its lines set up, from two keys on? (`adapter setup`)"""
