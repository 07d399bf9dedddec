"""Who decides in tests?"""

from __future__ import annotations

from adapter.domain.actor import Actor

TESTER = Actor("cli:tester")
DANA = Actor("dana", "192.0.2.7")
ERIC = Actor("eric", "192.0.2.8")
