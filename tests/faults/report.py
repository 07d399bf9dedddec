"""What does the report of a full run say? docs/reliability.md, written by the run itself."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

from tests.faults.entry import READ_BACK_SECONDS, WRITE_SECONDS
from tests.faults.faults import FAULTS, LATE_AFTER
from tests.faults.run import Result
from tests.faults.traffic import SENDERS, TRIES, WITHIN_SECONDS
from tests.faults.world import VISIBLE_SECONDS
from tests.support.reports import machine, revision

_PACKAGES = ("dbos", "sqlalchemy", "psycopg", "flask", "gunicorn", "requests")
_SHOWN = 20


@dataclass(frozen=True)
class Part:
    """A run on one kind of database."""

    title: str
    database: str
    result: Result


def report(parts: Sequence[Part], *, command: str, seed: int, haste: float) -> str:
    """The report in Markdown."""
    results = [part.result for part in parts]
    lost = sum(len(r.findings.lost) for r in results)
    twice = sum(len(r.findings.twice) for r in results)
    wrong = sum(len(r.findings.wrong) for r in results)
    acknowledged = sum(r.findings.acknowledged for r in results)
    slowest = max(r.findings.slowest for r in results)
    broken = sum(len(r.happened) for r in results)
    lines = [
        "# Reliability: nothing lost, nothing twice",
        "",
        "This page is written by the run that it tells of. Nothing in it is edited by hand.",
        "",
        f"**{acknowledged:,} acknowledged calls, {broken} faults: lost {lost}, twice {twice}, on the "
        f"wrong person or unexplained {wrong}. Slowest recovery {slowest:.0f} s.**",
        "",
        "A call is *acknowledged* when a hook that tells its end was answered 2xx. Each such call must "
        "have exactly one event in the PMS, or a reason in the database why it has none. *Slowest* is "
        "the time from that answer to the accepted event, with the fault in between.",
        "",
        "## What was run",
        "",
        f"    {command}",
        "",
        f"- When: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, seed {seed}, revision {revision()}",
        f"- On: {machine()}",
        f"- With: Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
        + "; "
        + ", ".join(part.database for part in parts),
        f"- Real processes: web servers (gunicorn), workers, the sandbox for Propexo over HTTP, and a "
        f"database server of the run's own with fsync on. {SENDERS} senders sign hooks as Twilio does: "
        "several for most calls, a fifth late, a fifth twice, out of order; up to "
        f"{TRIES - 1} more tries within {WITHIN_SECONDS:.0f} s on anything but a 2xx.",
        f"- Patience: to break more in less time, the adapter's waits for a silent worker (30 s), an "
        f"answer (25 s) and a stopping process (25 s) are divided by {haste:g}, those of its breakers by "
        f"{haste * haste:g}. "
        f"Propexo logs a write after {WRITE_SECONDS:g} s and shows its event after {READ_BACK_SECONDS:g} s; "
        f"PROPEXO_VISIBLE_SECONDS is {VISIBLE_SECONDS:g}. The rate limit is lifted. While a "
        f"backup is restored, a call comes late after {LATE_AFTER:g} s, not 5 minutes.",
        "",
        "The chosen points (after the post and before its commit ...) are reached by a start script of the "
        "tests, which puts itself around the adapter's objects (tests/faults/entry.py); the adapter has no "
        "code for them. The clock is wrong in the same way; the sandbox's is right.",
    ]
    for part in parts:
        lines += ["", f"## {part.title}", "", *_part(part.result)]
    lines += [
        "",
        "## Run it again",
        "",
        "    python -m tests.faults --calls 10000 --seed N --report docs/reliability.md",
        "",
        "It needs Debian's `postgresql` (initdb, pg_ctl, pg_dump) and `pgbouncer`; the servers that it makes "
        "are its own. With another seed come other calls, another order of faults and other moments. The short "
        "form is part of the tests: `pytest tests/faults`.",
    ]
    return "\n".join(lines) + "\n"


def _part(result: Result) -> list[str]:
    found, sent = result.findings, result.sent
    hours = f"{result.seconds / 60:.1f} min"
    lines = [
        f"{found.sent:,} calls in {sent.hooks:,} hooks ({sent.tries:,} tries; {sent.given_up:,} hooks were "
        f"never answered and so given up, as Twilio would) in {hours}, of which the last "
        f"{result.to_rest_seconds:.0f} s to come to rest.",
        "",
        "| | calls |",
        "|---|---:|",
        f"| acknowledged | {found.acknowledged:,} |",
        f"| = written, one event | {found.written:,} |",
        *(f"| + {reason} | {count:,} |" for reason, count in found.reasons.most_common(_SHOWN)),
        f"| + **lost** | **{len(found.lost)}** |",
        f"| events that are a call's second: **twice** | **{len(found.twice)}** |",
        f"| on the wrong person, or unexplained | {len(found.wrong)} |",
        f"| refused by Propexo | {len(found.refused)} |",
        f"| hooks that could not be read | {found.parked} |",
        *(
            f"| not acknowledged: {state} | {count:,} |"
            for state, count in sorted(found.unacknowledged.items())
        ),
        "",
        f"The books {'balance' if found.adds_up else '**do not balance**'}: {found.balance}.",
        "",
        "| fault | | times | slowest, s |",
        "|---|---|---:|---:|",
    ]
    for name in dict.fromkeys(h.fault for h in result.happened):
        mine = [h for h in result.happened if h.fault == name]
        reached = sum(h.reached for h in mine)
        times = f"{reached}" if reached == len(mine) else f"{reached} of {len(mine)}"
        slowest = result.slowest_after(name)
        lines.append(f"| {name} | {FAULTS[name].promise} | {times} | {slowest:.1f} |")
    problems = result.problems()
    if problems:
        shown = [each.replace("\n", "\n  ") for each in problems[:_SHOWN]]
        lines += ["", "### Not as promised", "", *(f"- {each}" for each in shown)]
        lines += [f"- and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
    return lines
