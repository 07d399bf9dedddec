"""A stand-in for Propexo on this machine: strict, rate-limited, and misbehaving on request.

It imports nothing else of the adapter, so that it judges independently what the client sends.
"""

from .app import create_sandbox
from .data import SandboxState
from .seed import Company
from .server import SandboxServer, serve

__all__ = ["Company", "SandboxServer", "SandboxState", "create_sandbox", "serve"]
