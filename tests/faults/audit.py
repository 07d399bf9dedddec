"""What became of the calls? What the senders were promised, against the database and the sandbox."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapter.domain.call import CallState
from adapter.storage.schema import attempts
from adapter.storage.schema import calls as calls_table
from adapter.storage.schema import hooks as hooks_table
from tests.faults.traffic import ACCOUNT, SentCall
from tests.faults.world import World

FINAL = {
    state.value
    for state in (CallState.WRITTEN, CallState.HELD, CallState.IGNORED, CallState.FAILED)
}
_REFERENCE = re.compile(r"\[call (CA[0-9a-f]{32})\]")


@dataclass
class Findings:
    """The balance of a run. lost, twice, wrong: in words, one for each call that is not as promised."""

    sent: int = 0
    acknowledged: int = 0
    written: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    unacknowledged: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    parked: int = 0
    events: int = 0
    # Seconds from the answer to the hook that ended the call to the accepted post, by call.
    delays: dict[str, float] = field(default_factory=dict)

    @property
    def slowest(self) -> float:
        return max(self.delays.values(), default=0.0)

    @property
    def balance(self) -> str:
        """The ledger, in the way of reconciliation."""
        stated = sum(self.reasons.values())
        return (
            f"acknowledged {self.acknowledged} = written {self.written} + with a stated reason {stated}"
            f" + lost {len(self.lost)}; stored {sum(self.states.values())} = acknowledged "
            f"{self.acknowledged - self._never_stored} + not acknowledged {self._stored_only}"
        )

    @property
    def adds_up(self) -> bool:
        stored = self.acknowledged - self._never_stored + self._stored_only
        stated = sum(self.reasons.values())
        return (
            self.acknowledged == self.written + stated + len(self.lost)
            and sum(self.states.values()) == stored
        )

    @property
    def _stored_only(self) -> int:
        return sum(self.unacknowledged.values()) - self.unacknowledged["never stored"]

    @property
    def _never_stored(self) -> int:
        return sum("never stored" in words for words in self.lost)

    def problems(self) -> list[str]:
        """Everything that breaks the promise."""
        found = [f"LOST {each}" for each in self.lost] + [f"TWICE {each}" for each in self.twice]
        found += [f"WRONG {each}" for each in self.wrong]
        found += [f"REFUSED {each}" for each in self.refused]
        found += [f"PARKED {self.parked} hooks"] if self.parked else []
        found += [] if self.adds_up else [f"THE BALANCE IS OUT: {self.balance}"]
        return found


def unfinished(world: World, sent: Sequence[SentCall]) -> list[str]:
    """The calls that are acknowledged, or under way, and not at an end."""
    promised = {call.sid for call in sent if call.acknowledged_at}
    rows = _rows(world, {call.sid for call in sent})
    under_way = (CallState.DELIVERING.value, CallState.POSTED.value)
    found = [sid for sid in promised if sid not in rows or rows[sid]["state"] not in FINAL]
    found += [s for s, row in rows.items() if s not in promised and row["state"] in under_way]
    return found


def audit(world: World, sent: Sequence[SentCall]) -> Findings:
    """What became of these calls, in full."""
    found = Findings(sent=len(sent))
    known = {call.sid: call for call in sent}
    rows = _rows(world, set(known))
    events = _events(world, set(known))
    found.states = Counter(row["state"] for row in rows.values())
    found.events = sum(len(each) for each in events.values())
    for call in sent:
        row, mine = rows.get(call.sid), events.get(call.sid, [])
        _judge(found, call, row, mine)
    for bad in (found.lost, found.twice):
        bad[:] = [f"{words}\n{_story(world, words.split()[0])}" for words in bad]
    refused = world.control("refused")["refused"]
    found.refused = [f"{r['method']} {r['path']}: {r['answer']}" for r in refused]
    with world.engine.connect() as connection:
        parked = sa.select(sa.func.count()).where(hooks_table.c.state == "parked")
        found.parked = int(connection.execute(parked).scalar_one())
    return found


def _judge(
    found: Findings, call: SentCall, row: Mapping[str, Any] | None, events: list[Mapping[str, Any]]
) -> None:
    state = row["state"] if row else "never stored"
    reason = row["reason"] if row else None
    # What the PMS refused stands on nobody's record.
    good = [each for each in events if each["status"] != "FAILURE"]
    what = f"{call.sid} ({call.kind}): {state}, {reason or 'no reason'}, {len(good)} event(s)"
    if len(good) > 1:
        jobs = ", ".join(f"{e['job_id']} at {e['accepted_at']}" for e in good)
        found.twice.append(f"{what}: {jobs}")
    if any(each["person_id"] != call.person for each in events):
        found.wrong.append(f"{what}: on {[e['person_id'] for e in events]}, not {call.person}")
    if call.acknowledged_at is None:
        found.unacknowledged[state] += 1
        return
    found.acknowledged += 1
    if row is not None and good and state == CallState.WRITTEN.value:
        found.written += 1
        at = datetime.fromisoformat(good[0]["accepted_at"]).timestamp()
        found.delays[call.sid] = max(at - call.acknowledged_at, 0.0)
    elif state in (FINAL - {CallState.WRITTEN.value}) and reason and not good:
        found.reasons[f"{state}: {reason}"] += 1
        if call.person is not None and not events:
            found.wrong.append(f"{what}: nothing was in the way of it")
    else:
        found.lost.append(what)


def _story(world: World, sid: str) -> str:
    """What the database knows of the posts of this call, and what the processes said of it."""
    query = (
        sa.select(attempts)
        .where(attempts.c.call_key.endswith(sid), attempts.c.step == "post")
        .order_by(attempts.c.id)
    )
    with world.engine.connect() as connection:
        posts = [
            f"    {row.at:%H:%M:%S.%f} to {row.finished_at or 'nothing'}: {row.asked[:60]} -> "
            f"{row.status} {row.answer}; next: {row.next}"
            for row in connection.execute(query)
        ]
    said = [
        f"    {file.name}: {line.strip()}"
        for file in sorted((world.home / "logs").iterdir())
        for line in file.read_text(errors="replace").splitlines()
        if sid in line
    ]
    return "\n".join([*posts, *said])


def _rows(world: World, sids: set[str]) -> dict[str, Mapping[str, Any]]:
    columns = ("call_id", "state", "reason", "due_at", "run", "queued_run", "account")
    query = sa.select(*(calls_table.c[name] for name in columns))
    with world.engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    return {
        str(r["call_id"]): dict(r) for r in rows if r["account"] == ACCOUNT and r["call_id"] in sids
    }


def _events(world: World, sids: set[str]) -> dict[str, list[Mapping[str, Any]]]:
    """The events that the sandbox accepted, by the reference in their notes."""
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for event in world.control("events")["events"]:
        reference = _REFERENCE.search(event["body"].get("notes") or "")
        if reference is None:
            raise AssertionError(f"an event without a reference: {event['body']}")
        if reference[1] in sids:
            found[reference[1]].append(event)
    return found
