"""Which integrations, properties, event types, employees and lead sources has Propexo for a line?

Its lists say it: https://docs.propexo.com/api-reference. What a PMS needs is in profiles.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adapter.config.settings import Settings
from adapter.domain.lines import Line, PersonKind, UnknownCaller
from adapter.errors import NotSupported, PermanentError
from adapter.targets.catalogue import Choice, FailureHook, Integration, Place, Question
from adapter.targets.propexo.client import PropexoClient, has_more
from adapter.targets.propexo.direct import direct_client
from adapter.targets.propexo.directory import PAGE, Directory
from adapter.targets.propexo.lead_profiles import lead_profile_of
from adapter.targets.propexo.profiles import profile_of
from adapter.targets.propexo.requirements import integration_problem, missing_keys
from adapter.targets.propexo.webhooks import FAILURE
from adapter.text.phrases import enumeration
from adapter.text.plain import plain

WEBHOOKS = "/v1/webhooks/"
_MAX_PAGES = 4
_LIKE_A_CALL = re.compile(r"\b(?:tele)?phone|\bcalls?\b", re.IGNORECASE)
_WHAT = {
    "event_type_id": "event type of calls",
    "agent_name": "agent's name, as the PMS has it",
    "employee_id": "employee whom the PMS shows as the agent",
    "lead_source_id": "lead source of unknown callers",
    "organization_name": "organization of new leads",
    "lead_relationship_id": "id of the relationship of new leads",
    "property_id": "property",
}


class PropexoCatalogue:
    """See adapter.targets.catalogue.Catalogue."""

    def __init__(self, client: PropexoClient) -> None:
        self._client = client
        self._directory = Directory(client)

    def integrations(self) -> Sequence[Integration]:
        rows = self._directory.rows("/v1/admin/integrations/", None)
        return [
            Integration(
                id=str(row["id"]),
                name=plain(str(row.get("name") or row["id"])),
                system=plain(str(row.get("vendor") or "?")),
                problem=self._problem(str(row["id"]), row.get("vendor")),
            )
            for row in rows
            if row.get("id") and row.get("is_archived") is not True
        ]

    def places(self, integration_id: str) -> Sequence[Place]:
        rows = self._directory.rows("/v1/properties/", integration_id)
        found = [_place(row, integration_id) for row in rows if row.get("id")]
        return sorted(found, key=lambda place: (not place.is_active, place.name.casefold()))

    def questions(self, line: Line) -> Sequence[Question]:
        vendor = self._directory.vendor(line.integration_id or "") or "?"
        profiles = [profile_of(vendor, kind) for kind in line.people]
        profiles = [profile for profile in profiles if not profile.unsupported]
        makes_leads = line.unknown_caller is UnknownCaller.CREATE_LEAD
        needed = missing_keys(line, vendor, profiles, makes_leads=makes_leads)
        kinds = [profile.kind for profile in profiles if "event_type_id" in profile.required]
        found = [
            self._question(key, line, kinds, f"{vendor} needs it for {enumeration(needed[key])}")
            for key in _WHAT
            if key in needed
        ]
        if lead_profile_of(vendor).unsupported:
            return found
        for_leads = missing_keys(line, vendor, profiles, makes_leads=True)
        why = f"{vendor} needs it for leads that an operator makes of unknown callers"
        optional = [key for key in _WHAT if key in for_leads and key not in needed]
        return found + [self._question(key, line, kinds, why, is_needed=False) for key in optional]

    def failure_hook(self, url: str) -> FailureHook | None:
        for page in range(_MAX_PAGES):
            try:
                answer = self._client.get(
                    WEBHOOKS, {"limit": PAGE, "offset": page * PAGE}, step="setup"
                )
            except (NotSupported, PermanentError) as error:
                if error.status in (404, 405):
                    return None
                raise
            results = answer.get("results", ()) if isinstance(answer, dict) else answer
            for row in results or ():
                if isinstance(row, dict) and _is_failure_hook(row, url):
                    return _hook(row)
            if not (isinstance(answer, dict) and has_more(answer, PAGE)):
                return None
        return None

    def add_failure_hook(self, url: str, secret: str) -> FailureHook:
        body = {"url": url, "triggers": [FAILURE], "active": True, "secret": secret}
        answer = self._client.send(WEBHOOKS, body, step="setup")
        made = answer.get("result")
        return _hook(made) if isinstance(made, dict) else FailureHook(url, None)

    def _problem(self, integration_id: str, vendor: str | None) -> str | None:
        if all(profile_of(vendor, kind).unsupported for kind in PersonKind):
            return f"{plain(str(vendor))} takes no call events"
        return integration_problem(integration_id, self._directory)

    def _question(
        self,
        key: str,
        line: Line,
        kinds: Sequence[PersonKind],
        why: str,
        *,
        is_needed: bool = True,
    ) -> Question:
        choices: Iterable[Choice] = ()
        if key == "event_type_id":
            choices = self._event_types(line, kinds)
        elif key in ("agent_name", "employee_id"):
            choices = self._employees(line, key)
        elif key == "lead_source_id":
            choices = self._lead_sources(line)
        return Question(
            key=key,
            what=_WHAT[key],
            why=why,
            choices=list(choices),
            is_needed=is_needed,
            is_free=key in ("agent_name", "organization_name", "lead_relationship_id"),
        )

    def _event_types(self, line: Line, kinds: Sequence[PersonKind]) -> Sequence[Choice]:
        """Return each name once: first those that suit all these kinds of people, and of them the call-like.

        A name is looked up for each property and kind, so it is more than one id. A name that two types share
        says nothing, so there each is known by its id.
        """
        by_kind = {
            kind: self._directory.event_types(line.integration_id, kind, line.property_id)
            for kind in kinds
        }
        rows = {row["id"]: row for of_kind in by_kind.values() for row in of_kind if row.get("id")}
        by_name: dict[str, list[Mapping[str, Any]]] = {}
        for row in rows.values():
            by_name.setdefault(str(row.get("name") or "").casefold(), []).append(row)
        found: list[tuple[bool, bool, str, Choice]] = []
        for named in by_name.values():
            suits = [k for k in kinds if any(row in by_kind[k] for row in named)]
            is_clear = all(sum(row in by_kind[k] for row in named) <= 1 for k in kinds)
            remark = (
                "" if len(suits) == len(kinds) else f"{enumeration([k.plural for k in suits])} only"
            )
            for choice in _of_event_type(named, is_clear=is_clear, remark=remark):
                found.append((bool(remark), not choice.is_likely, choice.name.casefold(), choice))
        return [choice for *_, choice in sorted(found, key=lambda each: each[:3])]

    def _employees(self, line: Line, key: str) -> Sequence[Choice]:
        rows = [
            row
            for row in self._directory.rows("/v1/employees/", line.integration_id)
            if row.get("is_active") is not False and row.get("id")
        ]
        rows.sort(key=lambda row: (row.get("property_id") != line.property_id, _name(row)))
        if key == "employee_id":
            return [_by_id(row, key, plain(str(row.get("email") or ""))) for row in rows]
        names = dict.fromkeys(plain(str(row["name"])) for row in rows if row.get("name"))
        return [Choice(key=key, value=name, name=name) for name in names]

    def _lead_sources(self, line: Line) -> Sequence[Choice]:
        rows = self._directory.rows("/v1/lead-sources/", line.integration_id)
        here = [row for row in rows if row.get("property_id") in (None, line.property_id)]
        choices = [_by_id(row, "lead_source_id", "") for row in here or rows if row.get("id")]
        return sorted(choices, key=lambda each: (not each.is_likely, each.name.casefold()))


def catalogue(settings: Settings) -> PropexoCatalogue:
    """Return what the key of these settings may choose from. No database is needed."""
    return PropexoCatalogue(direct_client(settings))


def _place(row: Mapping[str, Any], integration_id: str) -> Place:
    street = row.get("street_address_1") or row.get("address_1")
    parts = [street, row.get("city"), row.get("state")]
    return Place(
        id=str(row["id"]),
        name=_name(row),
        address=", ".join(plain(str(part)) for part in parts if part),
        integration_id=integration_id,
        is_active=row.get("is_active") is not False,
    )


def _of_event_type(
    rows: Sequence[Mapping[str, Any]], *, is_clear: bool, remark: str
) -> Iterable[Choice]:
    """Yield the type of this name, or each of several by its id."""
    name = _name(rows[0])
    is_likely = bool(_LIKE_A_CALL.search(name))
    ids = [str(row["id"]) for row in rows]
    if is_clear and rows[0].get("name"):
        yield Choice(
            key="event_type",
            value=str(rows[0]["name"]),
            name=name,
            remark=remark,
            ids=frozenset(ids),
            is_likely=is_likely and not remark,
        )
        return
    for id in ids:
        yield Choice(
            key="event_type_id",
            value=id,
            name=name,
            remark=", ".join(filter(None, [id, remark])),
            ids=frozenset([id]),
            is_likely=is_likely and not remark,
        )


def _by_id(row: Mapping[str, Any], key: str, remark: str) -> Choice:
    id, name = str(row["id"]), _name(row)
    return Choice(
        key=key,
        value=id,
        name=name,
        remark=remark,
        ids=frozenset([id, *filter(None, [remark])]),
        is_likely=key == "lead_source_id" and bool(_LIKE_A_CALL.search(name)),
    )


def _name(row: Mapping[str, Any]) -> str:
    return plain(str(row.get("name") or row.get("email") or row["id"]))


def _is_failure_hook(row: Mapping[str, Any], url: str) -> bool:
    """Return whether this webhook comes here and tells of failed writes, as far as its triggers are told."""
    triggers = row.get("triggers")
    named = [each.get("trigger") for each in triggers or () if isinstance(each, dict)]
    return (
        row.get("url") == url and row.get("active") is not False and FAILURE in (named or [FAILURE])
    )


def _hook(row: Mapping[str, Any]) -> FailureHook:
    """Return the webhook. A secret that is not shown in full is none."""
    secret = row.get("secret")
    is_shown = isinstance(secret, str) and len(secret.strip()) >= 10 and "***" not in secret
    return FailureHook(str(row.get("url") or ""), secret if is_shown else None)
