"""Which ids has Propexo for what lines name in words: event types, employees, the PMS itself?"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from adapter.domain.lines import Line, PersonKind
from adapter.errors import NotSupported, PermanentError
from adapter.targets.propexo.client import PropexoClient, has_more

REFRESH_SECONDS = 600.0
PAGE = 250
MAX_PAGES = 40
MODEL = {
    PersonKind.LEAD: "leads",
    PersonKind.APPLICANT: "applicants",
    PersonKind.RESIDENT: "residents",
}

Rows = list[Mapping[str, Any]]


class Placed(Protocol):
    """Somebody whose ids depend on where they belong, as a Person does. property_id: None if not known."""

    @property
    def kind(self) -> PersonKind: ...
    @property
    def integration_id(self) -> str | None: ...
    @property
    def property_id(self) -> str | None: ...


@dataclass(frozen=True)
class AnybodyAt:
    """Some person of this kind at a property, whoever it is."""

    kind: PersonKind
    integration_id: str | None
    property_id: str | None


class Directory:
    """Looks ids up by name, and keeps what was read for ten minutes. Errors: as of the client.

    An integration_id of None stands for all integrations of the key.
    """

    def __init__(
        self, client: PropexoClient, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._clock = clock
        self._kept: dict[tuple[str, str | None, str | None], tuple[float, Rows]] = {}
        self._lock = threading.Lock()

    def event_type_id(self, line: Line, person: Placed) -> str | None:
        """Return the id of the line's event type at the person's property, for this kind of person.

        Event types belong to properties. For a person at another property than the line's, the type of
        the same name there is taken. A person of no property counts as one at the line's property.
        None: the line names no event type, or there is none of this name.
        """
        is_there = person.property_id in (None, line.property_id) or line.property_id is None
        if line.event_type_id and is_there:
            return line.event_type_id
        name = line.event_type or self._name_of(line.event_type_id, person.integration_id)
        if name is None:
            return line.event_type_id
        place = person.property_id or line.property_id
        rows = self.event_types(person.integration_id, person.kind, place)
        return _first_id(
            row for row in rows if str(row.get("name", "")).casefold() == name.casefold()
        )

    def event_types(
        self, integration_id: str | None, kind: PersonKind, property_id: str | None
    ) -> Rows:
        """Return the event types for people of this kind at a property; at all of them, if it is None."""
        return [
            row
            for row in self._read("/v1/event-types/", integration_id, property_id)
            if (not row.get("models") or MODEL[kind] in row["models"])
            and property_id in (None, row.get("property_id"))
        ]

    def rows(self, path: str, integration_id: str | None) -> Rows:
        """Return all that a list of this integration has; nothing where Propexo has no such list."""
        return self._read(path, integration_id, None)

    def _name_of(self, event_type_id: str | None, integration_id: str | None) -> str | None:
        """Return the name of the event type with this id; None if it is not listed."""
        rows = self._read("/v1/event-types/", integration_id, None) if event_type_id else ()
        return next((str(row["name"]) for row in rows if row.get("id") == event_type_id), None)

    def employee_id(self, line: Line, person: Placed) -> str | None:
        """Return the id of the line's employee, by e-mail or name. Those at the person's property first."""
        name = line.employee
        if name is None or line.employee_id is not None:
            return line.employee_id
        rows = self._read("/v1/employees/", person.integration_id, None)
        named = [
            row
            for row in rows
            if name.casefold() in (str(row.get(k) or "").casefold() for k in ("email", "name"))
            and row.get("is_active") is not False
        ]
        named.sort(key=lambda row: row.get("property_id") != person.property_id)
        return _first_id(named)

    def vendor(self, integration_id: str) -> str | None:
        """Return Propexo's word for the PMS behind an integration; None if it does not know the integration."""
        row = self.integration(integration_id)
        return str(row["vendor"]) if row and row.get("vendor") else None

    def integration(self, integration_id: str) -> Mapping[str, Any] | None:
        """Return the integration as Propexo describes it, or None if this key has none of this id."""
        rows = self._read("/v1/admin/integrations/", None, None)
        return next((row for row in rows if row.get("id") == integration_id), None)

    def _read(self, path: str, integration_id: str | None, property_id: str | None) -> Rows:
        key = (path, integration_id, property_id)
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and self._clock() - kept[0] < REFRESH_SECONDS:
            return kept[1]
        rows = self._fetch(path, integration_id, property_id)
        with self._lock:
            self._kept[key] = (self._clock(), rows)
        return rows

    def _fetch(self, path: str, integration_id: str | None, property_id: str | None) -> Rows:
        rows: Rows = []
        for page in range(MAX_PAGES):
            query: dict[str, Any] = {"limit": PAGE, "offset": page * PAGE}
            if integration_id is not None:
                query["integration_id"] = integration_id
            if property_id:  # a PMS may name none as ""
                query["property_id"] = property_id
            try:
                answer = self._client.get(path, query, step="directory")
            except (NotSupported, PermanentError) as error:
                if error.status in (404, 405):
                    return rows  # this key has no such list; what needs it will say so
                raise
            # The list of integrations comes bare in older answers.
            results = answer.get("results", answer) if isinstance(answer, dict) else answer
            rows.extend(row for row in results or () if isinstance(row, dict))
            if not (isinstance(answer, dict) and has_more(answer, PAGE)):
                break
        return rows


def _first_id(rows: Iterable[Mapping[str, Any]]) -> str | None:
    return next((str(row["id"]) for row in rows if row.get("id")), None)
