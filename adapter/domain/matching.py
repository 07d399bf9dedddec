"""Which one person was the call with? `choose_person` is the rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from adapter.domain.cause import Cause
from adapter.domain.lines import Ambiguous, Line, PersonKind
from adapter.text.phrases import enumeration

# A day after the first one there is: in a time zone west of Greenwich that has to be a date too.
LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Person:
    """A lead, applicant or resident as the target knows them. updated_at: aware UTC.

    numbers: E.164, each all of its phone field. among_words: numbers that stand among words in one.
    """

    kind: PersonKind
    id: str
    integration_id: str
    name: str = ""
    property_id: str | None = None
    numbers: frozenset[str] = frozenset()
    is_active: bool = True
    updated_at: datetime = LONG_AGO
    vendor: str | None = None
    application_id: str | None = None
    refused: str | None = None  # why the target takes no event for this person
    among_words: frozenset[str] = frozenset()

    @property
    def title(self) -> str:
        """The person in lists: name and kind, or the id where no name is known."""
        return f"{self.name or self.id} ({self.kind.value})"


@dataclass(frozen=True)
class Match:
    """The person, or None; and in either case why, in words an operator understands.

    cause: why there is none. is_unknown: nobody at all has this number.
    """

    person: Person | None
    because: str
    cause: Cause | None = None

    @property
    def is_unknown(self) -> bool:
        return self.cause is Cause.NOBODY_FOUND


def choose_person(number: str, candidates: Iterable[Person], line: Line) -> Match:
    """The one person of the call, by one deterministic rule; never two.

    The line's property first, then active before closed, then the kind (the line's order), then the latest
    updated. Only people of the line's integration who have this number (E.164) count. Who has it among
    the words of a field counts only where it is nobody's whole field.
    """
    order = {kind: place for place, kind in enumerate(line.people)}
    here = sorted(
        (p for p in candidates if p.integration_id == line.integration_id),
        key=lambda p: (p.updated_at, p.is_active, repr(p)),
    )
    owners = [p for p in here if number in p.numbers]
    having = owners or [p for p in here if number in p.among_words]
    fitting = {(p.kind, p.id): p for p in having if p.kind in order}
    if not fitting:
        return _nobody(owners, [p for p in here if number in p.among_words], line)
    writable = {key: person for key, person in fitting.items() if not person.refused}
    if not writable:
        first = next(iter(fitting.values()))
        why = f"{first.kind.value} {first.id} has this number, but {first.refused}"
        return Match(None, why, Cause.NOT_SUPPORTED)

    def rank(person: Person) -> tuple[bool, bool, int, float]:
        elsewhere = line.property_id is not None and person.property_id != line.property_id
        return (elsewhere, not person.is_active, order[person.kind], -_stamp(person))

    ranked = sorted(writable.values(), key=lambda p: (rank(p), p.id))
    best = ranked[0]
    tied = [p for p in ranked[1:] if rank(p)[:3] == rank(best)[:3]]
    if tied and line.ambiguous is Ambiguous.HOLD:
        names = ", ".join(sorted(p.id for p in [best, *tied]))
        why = f"{len(tied) + 1} people fit equally well: {names}"
        return Match(None, why, Cause.SEVERAL_FOUND)
    return Match(best, _explain(best, ranked, tied, line, is_among_words=not owners))


def _nobody(owners: Sequence[Person], among_words: Sequence[Person], line: Line) -> Match:
    """Nobody of the line's kinds has the number. Not unknown: somebody may be meant, but it is not theirs."""
    kinds = enumeration([kind.plural for kind in line.people])
    candidate = next((p for p in among_words if p.kind in line.people), None)
    if owners and candidate is not None:
        why = f"{candidate.kind.value} {candidate.id} has this number only among the words of a phone field"
        owner = owners[0]
        but = f"and it is the number of {owner.kind.value} {owner.id}"
        return Match(None, f"{why}, {but}", Cause.NUMBER_IN_DOUBT)
    return Match(None, f"nobody with this number among the {kinds}", Cause.NOBODY_FOUND)


def _stamp(person: Person) -> float:
    return (person.updated_at - LONG_AGO).total_seconds()


def _explain(
    best: Person,
    ranked: Sequence[Person],
    tied: Sequence[Person],
    line: Line,
    *,
    is_among_words: bool,
) -> str:
    state = "active " if best.is_active else "closed "
    at_line = line.property_id is not None and best.property_id == line.property_id
    place = " at the line's property" if at_line else ""
    having = "with this number among the words of a field" if is_among_words else "with this number"
    if tied:
        which = "the latest updated"
        if tied[0].updated_at == best.updated_at:
            which = "by its id the first"  # they were updated at the same moment
        what = f"{which} of {len(tied) + 1} {state}{best.kind.value}s {having}{place}"
    else:
        what = f"the only {state}{best.kind.value} {having}{place}"
    others = len(ranked) - 1 - len(tied)
    rest = ""
    if others:
        rest = f"; {others} other{'s' if others > 1 else ''} ranked behind"
    if line.property_id is not None and not at_line:
        rest += "; nobody with it at the line's property"
    return f"{best.kind.value} {best.id}: {what}{rest}"
