"""What does the stand-in hold? Records in memory, behind one lock, indexed for 10,000s of calls."""

import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from .answers import JSON
from .jobs import JobBook
from .records import COLLECTIONS, last_ten_digits, record
from .rules import KINDS
from .seed import Company, seed_company, seed_integrations

# What lists make of updated_at_gte and its like, which the OpenAPI document lacks: refused with a 400,
# or passed over in silence.
TIME_FILTERS = ("offered", "refused", "ignored")

_PEOPLE_LINKS = {
    "leads": "associated_lead_ids",
    "applicants": "associated_applicant_ids",
    "residents": "associated_resident_ids",
}


class SandboxState:
    """All records of the stand-in; every method may be called from any thread.

    `vendors`: the PMS for which the small demo company is made at the start and at `reset`.
    `time_filters`: one of TIME_FILTERS; may be set at any time.
    """

    def __init__(
        self, vendors: Iterable[str] = ("ENTRATA",), *, clock: Callable[[], float] = time.time
    ) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.jobs = JobBook()
        self._vendors = tuple(vendors)
        self.reset()

    def reset(self) -> None:
        """Back to what the state was at the start."""
        with self.lock:
            self.jobs.clear()
            self.time_filters = "offered"
            self._records: dict[str, dict[str, JSON]] = {name: {} for name in COLLECTIONS}
            self._versions: dict[str, int] = defaultdict(int)
            self._sorted: dict[tuple[str, str, bool], tuple[int, list[JSON]]] = {}
            self._by_phone: dict[tuple[str, str], dict[str, JSON]] = defaultdict(dict)
            self._by_person: dict[tuple[str, str], dict[str, JSON]] = defaultdict(dict)
            # Leads whose id was given out by write-status, but which no list shows yet.
            self._unlisted: dict[str, JSON] = {}
            self.webhooks: list[JSON] = []
            seed_integrations(self)
            for vendor in self._vendors:
                self.seed(vendor)

    def seed(self, vendor: str) -> Company:
        """Make the small demo company for another PMS; ids get the suffix `_<vendor>`."""
        return seed_company(self, vendor)

    def now(self) -> float:
        """The stand-in's own time, in epoch seconds."""
        return self.clock()

    def settle(self) -> None:
        """Finish the writes that are due. Call it before reading."""
        with self.lock:
            self.jobs.settle(self.now())

    # -- adding ---------------------------------------------------------------------------

    def add_integration(self, id: str, *, vendor: str, **fields: Any) -> JSON:
        """Add an integration; any vendor name is taken, since Propexo may learn new ones."""
        return self.add("integrations", {"id": id, "vendor": vendor, **fields})

    def add_person(self, kind: str, **fields: Any) -> JSON:
        """Add a `lead`, `applicant` or `resident`; `id` and a first property are filled in.

        Raises ValueError for another kind or an integration that does not exist.
        """
        collection = kind if kind in KINDS else f"{kind}s"
        if collection not in KINDS:
            raise ValueError(f"kind is {kind!r}: it must be lead, applicant or resident")
        with self.lock:
            fields.setdefault("id", new_id(collection))
            fields.setdefault("integration_id", "int_entrata")
            owner = self.get("integrations", fields["integration_id"])
            if owner is None:
                raise ValueError(f"integration {fields['integration_id']!r} does not exist")
            if not fields.get("property_id"):
                fields["property_id"] = self.first_property(fields["integration_id"])
            return self.add(collection, fields)

    def add(self, collection: str, fields: JSON) -> JSON:
        """Add or replace a record of any collection; blanks are filled in."""
        with self.lock:
            if collection != "integrations":
                owner = self._records["integrations"].get(fields["integration_id"])
                fields = {**fields, "integration_vendor": owner["vendor"] if owner else "UNKNOWN"}
            made = record(collection, fields, now=self.now())
            old = self._records[collection].get(made["id"])
            self._index(collection, made, old)
            self._records[collection][made["id"]] = made
            self._unlisted.pop(made["id"], None)
            self._versions[collection] += 1
            return made

    def announce_lead(self, fields: JSON) -> None:
        """Let events be written on a lead that the lists do not show yet."""
        with self.lock:
            self._unlisted[fields["id"]] = fields

    def _index(self, collection: str, made: JSON, old: JSON | None) -> None:
        if collection in KINDS:
            if old is not None:
                phone = last_ten_digits(old["phone_1"])
                self._by_phone[collection, phone].pop(old["id"], None)
            self._by_phone[collection, last_ten_digits(made["phone_1"])][made["id"]] = made
        if collection == "events":
            for kind, link in _PEOPLE_LINKS.items():
                for person_id in made[link] or ():
                    self._by_person[kind, person_id][made["id"]] = made

    # -- reading --------------------------------------------------------------------------

    def get(self, collection: str, id: str) -> JSON | None:
        """The record as the lists show it, or None."""
        return self._records[collection].get(id)

    def person(self, kind: str, id: str) -> JSON | None:
        """A person on whom an event can be written, listed or not."""
        with self.lock:
            found = self.get(kind, id)
            return found or (self._unlisted.get(id) if kind == "leads" else None)

    def first_property(self, integration_id: str) -> str:
        """The property of records that name none."""
        with self.lock:
            for each in self._records["properties"].values():
                if each["integration_id"] == integration_id:
                    return str(each["id"])
        return "prop_unknown"

    def people_with_phone(self, kind: str, digits: str) -> list[JSON]:
        """The people whose `phone_1` ends in these ten digits; `phone_2` does not count."""
        with self.lock:
            return list(self._by_phone.get((kind, digits), {}).values())

    def events_of(self, kind: str, person_id: str) -> list[JSON]:
        """The events that were read back for this person."""
        with self.lock:
            return list(self._by_person.get((kind, person_id), {}).values())

    def ordered(self, collection: str, by: str, *, descending: bool) -> list[JSON]:
        """All records in order; the sorted list is kept until the collection changes."""
        with self.lock:
            key, version = (collection, by, descending), self._versions[collection]
            kept = self._sorted.get(key)
            if kept is None or kept[0] != version:
                rows = sort(self._records[collection].values(), by, descending=descending)
                kept = self._sorted[key] = (version, rows)
            return kept[1]


def sort(rows: Iterable[JSON], by: str, *, descending: bool) -> list[JSON]:
    """Rows in order of a time, then of their ids, so that paging is stable."""
    return sorted(rows, key=lambda row: (row[by], row["id"]), reverse=descending)


def new_id(collection: str) -> str:
    """A fresh id such as `lead_5f0c...`."""
    return f"{collection.rstrip('s')}_{uuid.uuid4().hex}"
