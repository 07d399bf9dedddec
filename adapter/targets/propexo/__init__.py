"""Propexo: one API in front of many property management systems."""
