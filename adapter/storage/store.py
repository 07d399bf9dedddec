"""What does the adapter keep? One Store: a session, and a repository for each kind of row.

with store.begin() as connection:
    call = store.calls.locked(connection, key)
    store.decisions.add(connection, key, "...", by=actor, run=call.run, now=now)
"""

from __future__ import annotations

import sqlalchemy as sa

from adapter.storage.attempts import Attempts
from adapter.storage.call_lists import CallLists
from adapter.storage.calls import Calls
from adapter.storage.decisions import Decisions
from adapter.storage.hooks import Hooks
from adapter.storage.known_calls import KnownCalls
from adapter.storage.legs import Legs
from adapter.storage.runs import Runs
from adapter.storage.secrets import Secrets
from adapter.storage.session import Session
from adapter.storage.workers import Workers


class Store(Session):
    """The database of the calls, with all that most callers need of it."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        self.calls = Calls(self)
        self.call_lists = CallLists(self)
        self.known_calls = KnownCalls(self)
        self.runs = Runs(self)
        self.legs = Legs(self)
        self.hooks = Hooks(self)
        self.attempts = Attempts(self)
        self.decisions = Decisions(self)
        self.secrets = Secrets(self)
        self.workers = Workers(self)
