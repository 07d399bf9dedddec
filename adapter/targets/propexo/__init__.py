"""Propexo: one API in front of many property management systems."""

from adapter.targets.propexo.build import build

__all__ = ["build"]
