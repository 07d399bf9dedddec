"""What did somebody decide about a call?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Decision:
    """One decision about a call. at: aware UTC. what: in words.

    who, origin: as of `adapter.domain.actor.Actor`. who is "operator" where 0.1.0 kept the decision.
    run: the run of the call that the decision planned; 0 if it planned none, and where 0.1.0 kept it.
    """

    id: int
    call_key: str
    at: datetime
    who: str
    origin: str | None
    what: str
    run: int
