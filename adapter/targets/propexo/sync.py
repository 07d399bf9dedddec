"""How is the index of people kept up to date with Propexo? Page by page, giving way to deliveries.

The first fill goes in the order in which people came to Propexo: that order never changes, so it can be
interrupted and go on at its position. After that the latest changes are read, newest first, until known
ones come; Propexo is asked to leave those out, where it can.
docs/decisions/0005-reading-changed-people.md says why.
What an earlier version read by other rules is read anew, in the order of the first fill, between the changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from adapter.domain.lines import PersonKind
from adapter.domain.matching import LONG_AGO, Person
from adapter.errors import LocalRateLimit, PermanentError, RemoteError
from adapter.observability.logs import logger
from adapter.storage.people_index import RULES, PeopleIndex, SyncState
from adapter.targets.propexo.client import PropexoClient, has_more, rows_of
from adapter.targets.propexo.people import COLLECTION, person_of

PAGE = 250
# Changes of the last minutes are read twice: clocks differ, and a page may be a little behind.
OVERLAP = timedelta(minutes=5)
# How a parameter is refused that an endpoint does not know: 400 is documented, 422 is usual.
UNKNOWN_PARAMETER = (400, 422)


class Page(NamedTuple):
    """One page of a list. total: of the whole list, 0 if it is not told."""

    rows: Sequence[Mapping[str, Any]]
    is_last: bool
    total: int


log = logger("adapter.sync")


class PeopleSync:
    """Reads people into the index. integrations: tells which to read, once. learned: is told the numbers read.

    Errors of the steps: as of the client; LocalRateLimit when deliveries need the budget.
    """

    def __init__(
        self,
        *,
        client: PropexoClient,
        index: PeopleIndex,
        integrations: Callable[[], Iterable[str]],
        learned: Callable[[set[str]], object],
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._index = index
        self._learned = learned
        self._clock = clock
        self._read_integrations = integrations
        # By integration and kind; a new process finds both out again.
        self._failing: set[tuple[str, PersonKind]] = set()
        self._without_filter: set[tuple[str, PersonKind]] = set()

    @cached_property
    def _integrations(self) -> Sequence[str]:
        return sorted(set(self._read_integrations()))

    def is_complete(self) -> bool:
        return all(state.is_filled and not state.is_to_be_reread for state in self.states())

    def states(self) -> Sequence[SyncState]:
        """How far each kind of each integration has been read."""
        return [self._index.state(i, kind) for i in self._integrations for kind in PersonKind]

    def step(self, stale_after: timedelta) -> bool:
        """Read one page of what is not filled or is stale; False if nothing was due.

        What could not be read waits until the others are up to date, and is logged; its error is raised
        when nothing else could be read. The next step goes on where the reading stopped.
        """
        failure: RemoteError | None = None
        due = [state for state in self.states() if self._is_due(state, stale_after)]
        for state in sorted(due, key=lambda state: _key(state) in self._failing):
            try:
                if not state.is_filled:
                    self._fill_page(state)
                elif self._has_changes_due(state, stale_after):
                    self._read_changes(state)
                else:
                    self._reread_page(state)
            except LocalRateLimit:
                raise
            except RemoteError as error:
                self._note_failure(state, error)
                failure = failure or error
            else:
                self._failing.discard(_key(state))
                return True
        if failure is not None:
            raise failure
        return False

    def _is_due(self, state: SyncState, stale_after: timedelta) -> bool:
        is_to_be_read = not state.is_filled or state.is_to_be_reread
        return is_to_be_read or self._has_changes_due(state, stale_after)

    def _has_changes_due(self, state: SyncState, stale_after: timedelta) -> bool:
        return state.begun_at is not None or self._clock() - state.read_at >= stale_after

    def _note_failure(self, state: SyncState, error: RemoteError) -> None:
        if _key(state) not in self._failing:
            self._failing.add(_key(state))
            log.warning("people cannot be read now", **_names(state), reason=str(error))

    def _fill_page(self, state: SyncState) -> None:
        begun = state.begun_at or self._clock()
        page = self._page(state, "created_at:asc", state.position)
        self._keep(state.kind, page.rows)
        position = state.position + len(page.rows)
        is_filled = page.is_last
        took_long = is_filled and state.position > 0
        self._index.save_state(
            replace(
                state,
                position=position,
                total=max(page.total, position),
                is_filled=is_filled,
                # What changed while the fill went on is read again, from where it began.
                known_until=begun - OVERLAP,
                read_at=LONG_AGO if took_long else begun,
                begun_at=None if is_filled else begun,
            )
        )

    def _reread_page(self, state: SyncState) -> None:
        """A page of all people, by today's rules. What changed since it was read is with the changes."""
        position = state.reread_position or 0
        page = self._page(state, "created_at:asc", position)
        self._keep(state.kind, page.rows)
        if page.is_last:
            self._index.save_state(replace(state, rules=RULES, reread_position=None))
        else:
            position += len(page.rows)
            self._index.save_state(replace(state, reread_position=position))

    def _read_changes(self, state: SyncState) -> None:
        """One page of the latest changes; done when there are no more, or those come that are known.

        What changes meanwhile moves the rest to later positions: some are read twice, none is missed,
        and the newcomers at the front are the next reading's.
        """
        begun = state.begun_at or self._clock()
        offset = state.position if state.begun_at is not None else 0
        since = state.known_until - OVERLAP
        page = self._changes(state, since, offset)
        found = self._keep(state.kind, page.rows)
        oldest = min((person.updated_at for person in found), default=LONG_AGO)
        if oldest < since or page.is_last:
            done = replace(state, begun_at=None, known_until=begun, read_at=begun)
            self._index.save_state(replace(done, position=state.total))
        else:
            self._index.save_state(replace(state, position=offset + len(page.rows), begun_at=begun))

    def _changes(self, state: SyncState, since: datetime, offset: int) -> Page:
        """Changes since a moment, newest first; older ones follow where Propexo does not leave them out.

        Either way the changes come first and at the same positions, so it may differ from page to page.
        """
        order = "updated_at:desc"
        if _key(state) not in self._without_filter:
            try:
                return self._page(state, order, offset, updated_at_gte=_written(since))
            except PermanentError as error:
                if error.status not in UNKNOWN_PARAMETER:
                    raise
                self._without_filter.add(_key(state))
                log.info(
                    "changes are read without updated_at_gte", **_names(state), reason=str(error)
                )
        return self._page(state, order, offset)

    def _page(self, state: SyncState, order: str, offset: int, **filters: str) -> Page:
        query = {
            "integration_id": state.integration_id,
            "order-by": order,
            "limit": PAGE,
            "offset": offset,
            **filters,
        }
        answer = self._client.get(COLLECTION[state.kind], query, step="sync")
        rows = rows_of(answer)
        total = int((answer.get("meta") or {}).get("total") or 0)
        return Page(rows, is_last=not rows or not has_more(answer, PAGE), total=total)

    def _keep(self, kind: PersonKind, rows: Iterable[Mapping[str, Any]]) -> Sequence[Person]:
        found = [person_of(kind, row) for row in rows]
        numbers = self._index.save(found)
        if numbers:
            self._learned(numbers)
        return found


def _key(state: SyncState) -> tuple[str, PersonKind]:
    return state.integration_id, state.kind


def _names(state: SyncState) -> Mapping[str, str]:
    return {"integration": state.integration_id, "kind": state.kind.value}


def _written(moment: datetime) -> str:
    """In the form of Propexo's own answers; validators like its own take no offset but Z."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
