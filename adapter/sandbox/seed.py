"""What does the stand-in know at the start? A small, made-up property company for each PMS.

Every number is in 555-01xx, the range set aside for fiction.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from .answers import JSON
from .rules import VENDORS


class Store(Protocol):
    """What seeding needs of the state."""

    def add(self, collection: str, fields: JSON) -> JSON: ...
    def get(self, collection: str, id: str) -> JSON | None: ...
    def add_integration(self, id: str, *, vendor: str, **fields: Any) -> JSON: ...


@dataclass(frozen=True)
class Company:
    """The ids that `seed` made."""

    integration_id: str
    properties: tuple[str, str]
    event_types: tuple[str, str]
    employee_id: str
    lead_source_id: str
    suffix: str

    def id(self, plain: str) -> str:
        """The id that Entrata's `plain` has in this company: `lead_anna` -> `lead_anna_yardi`."""
        return plain + self.suffix


# id, collection, property, names, phone_1, phone_2, status, updated (day of November 2025).
_PEOPLE = (
    ("lead_anna", "leads", "main", "Anna Alvarez", "(617) 555-0134", None, "Active", 20),
    ("lead_ben", "leads", "main", "Ben Brooks", "617.555.0135", None, "Active", 19),
    ("lead_cara", "leads", "main", "Cara Chen", "+16175550136", None, "Active", 18),
    # One number on two leads at two properties; the one at Oak Park is the later one.
    ("lead_dan_main", "leads", "main", "Dan Diaz", "617-555-0137", None, "Active", 10),
    ("lead_dan_oak", "leads", "oak", "Dan Diaz", "6175550137", None, "Lost", 21),
    # Known by a second number only.
    ("lead_eve", "leads", "oak", "Eve Evans", "(617) 555-0138", "1 (617) 555-0139", "Active", 17),
    ("applicant_finn", "applicants", "main", "Finn Fox", "617 555 0140", None, None, 16),
    ("resident_gia", "residents", "oak", "Gia Gomez", "(617) 555-0141", None, None, 15),
    ("lead_hugo", "leads", "main", "Hugo Hall", None, "617-555-0142", "Active", 14),
)
_PROPERTIES = {"main": "Main Street", "oak": "Oak Park"}


def seed_integrations(store: Store) -> None:
    """One integration per vendor that the contract names: `int_entrata`, `int_yardi_rest`..."""
    for vendor in VENDORS:
        store.add_integration(f"int_{vendor.lower()}", vendor=vendor)


def seed_company(store: Store, vendor: str) -> Company:
    """Two properties, an agent, a lead source, event types and nine people."""
    suffix = "" if vendor == "ENTRATA" else f"_{vendor.lower()}"
    owner = {"integration_id": f"int_{vendor.lower()}"}
    if store.get("integrations", owner["integration_id"]) is None:
        store.add_integration(owner["integration_id"], vendor=vendor)
    for key, name in _PROPERTIES.items():
        place = {**owner, "property_id": f"prop_{key}{suffix}"}
        store.add(
            "properties",
            {
                **owner,
                "id": place["property_id"],
                "name": name,
                "city": "Boston",
                "state": "MA",
                "is_active": True,
            },
        )
        for slug, type_name in (("call", "Call"), ("email", "Email"), ("note", "Note")):
            models = ["leads", "applicants", "residents"]
            fields = {**place, "id": f"et_{slug}_{key}{suffix}", "name": type_name}
            store.add("event-types", {**fields, "models": models})
    main = {**owner, "property_id": f"prop_main{suffix}"}
    store.add(
        "employees",
        {
            **main,
            "id": f"emp_1{suffix}",
            "name": "Lee Agent",
            "email": "lee@example.com",
            "is_active": True,
            "roles": ["LEASING_AGENT"],
        },
    )
    store.add("lead-sources", {**main, "id": f"ls_phone{suffix}", "name": "Phone call"})
    for person in _PEOPLE:
        _add_person(store, person, owner, suffix)
    return Company(
        owner["integration_id"],
        (f"prop_main{suffix}", f"prop_oak{suffix}"),
        (f"et_call_main{suffix}", f"et_call_oak{suffix}"),
        f"emp_1{suffix}",
        f"ls_phone{suffix}",
        suffix,
    )


def _add_person(store: Store, person: tuple[Any, ...], owner: JSON, suffix: str) -> None:
    id, collection, place, name, phone_1, phone_2, status, day = person
    first_name, last_name = name.split()
    fields = {
        **owner,
        "id": id + suffix,
        "property_id": f"prop_{place}{suffix}",
        "first_name": first_name,
        "last_name": last_name,
        "email_1": f"{first_name}.{last_name}@example.com".lower(),
        "phone_1": phone_1,
        "phone_1_type": "MOBILE" if phone_1 else None,
        "phone_2": phone_2,
        "phone_2_type": "WORK" if phone_2 else None,
        "created_at": "2025-11-01T12:00:00.000Z",
        "updated_at": f"2025-11-{day}T12:00:00.000Z",
        "last_seen": "2025-11-22T12:00:00.000Z",
    }
    if collection == "leads":
        fields["status"] = status
    if collection == "applicants":
        application = {"applicant_id": id + suffix, "application_id": f"application_finn{suffix}"}
        status_fields = {"status_raw": "Pending", "status_normalized": "PENDING"}
        fields["applications"] = [{**application, **status_fields}]
    if collection == "residents":
        fields["leases_meta_data"] = [
            {
                "lease_id": f"lease_gia{suffix}",
                "x_resident_type": "Current",
                "resident_type_normalized": "PRIMARY",
                "move_in_date": "2025-01-01",
                "move_out_date": None,
                "notice_date": None,
                "custom_data": None,
            }
        ]
    store.add(collection, fields)
