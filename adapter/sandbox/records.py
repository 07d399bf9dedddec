"""How does a record look when Propexo gives it out? Every field of its schema, or null."""

from datetime import UTC, datetime
from typing import Any

from .answers import JSON

# Collection -> (fields that are null when unknown, fields that are empty lists when unknown).
_NULLS = {
    "leads": (
        "x_created_at x_guestcard_id x_leasing_agent_id x_unit_id x_updated_at x_lead_source_id "
        "address_1 address_2 city country custom_data date_of_birth desired_amenities "
        "desired_floor_plan_id desired_floor_plan_name desired_lease_term_in_months "
        "desired_max_rent_in_cents desired_max_square_ft desired_min_rent_in_cents "
        "desired_min_square_ft desired_num_bathrooms desired_num_bedrooms desired_unit_number "
        "desired_unit_type email_1 email_2 first_name ils last_name lead_source leasing_agent "
        "middle_name notes number_of_occupants pet_details phone_1_type phone_1 phone_2_type "
        "phone_2 state status target_move_in_date zip lead_source_id"
    ),
    "applicants": (
        "x_unit_id x_lease_id x_lead_id address_1_alternate address_1 address_2_alternate "
        "address_2 city_alternate city country_alternate country custom_data date_of_birth email_1 "
        "email_2 first_name last_name middle_name notes phone_1_type phone_1 phone_2_type phone_2 "
        "state_alternate state type_normalized type_raw zip_alternate zip"
    ),
    "residents": (
        "x_lease_id address_1_alternate address_1 address_2_alternate address_2 balance_in_cents "
        "city_alternate city country_alternate country custom_data date_of_birth email_1 email_2 "
        "first_name is_employee last_name late_balance_in_cents middle_name notes phone_1_type "
        "phone_1 phone_2_type phone_2 state_alternate state zip_alternate zip"
    ),
    "events": (
        "x_leasing_agent_id x_type_id x_location_id event_name event_datetime "
        "appointment_datetime type_raw notes agent_name reasons_for_event associated_lead_ids "
        "associated_applicant_ids associated_resident_ids"
    ),
    "event-types": "x_location_id code",
    "event-sub-types": "x_location_id x_event_type_id event_type_id",
    "event-results": "x_location_id",
    "employees": "x_location_id name email is_active",
    "lead-sources": "x_location_id name",
    "properties": (
        "x_created_at x_building_id building_number city code country county custom_data "
        "is_active manager_email manager_name manager_phone_1 manager_phone_1_type "
        "manager_phone_2 manager_phone_2_type name notes number_of_units square_footage "
        "square_feet state street_address_1 street_address_2 address_1 address_2 type type_raw "
        "type_normalized website year_built zip long_description short_description"
    ),
    "integrations": "base_url last_completed_sync last_completed_back_sync last_data_access_check",
}
_LISTS = {
    "leads": "x_unit_id_preferred pets unit_id_preferred screenings",
    "applicants": "x_unit_id_preferred applications pets unit_id_preferred screenings "
    "self_reported_income",
    "residents": "pets vehicles leases_meta_data",
    "event-types": "models",
    "event-results": "associated_event_type_ids",
    "employees": "roles",
    "properties": "office_hours pet_types associated_owner_ids",
    "integrations": "integration_interfaces configuration_meta_data",
}
_GIVEN = {"id", "name", "vendor", "property_id", "integration_id", "integration_vendor"}
COLLECTIONS = tuple(_NULLS)


def record(collection: str, fields: JSON, *, now: float) -> JSON:
    """A complete record of `collection`: `fields` over blanks, stamped `now` where not dated.

    Raises ValueError for a field that this collection does not have.
    """
    stamp = iso(now)
    blank: dict[str, Any] = {"created_at": stamp, "updated_at": stamp, "last_seen": stamp}
    blank |= dict.fromkeys(_NULLS[collection].split())
    blank |= {name: [] for name in _LISTS.get(collection, "").split()}
    blank["x_id"] = f"x{fields['id']}"
    if collection not in ("residents", "integrations"):
        blank["x_property_id"] = f"x{fields.get('property_id', fields['id'])}"
    if collection == "properties":
        blank["property_id"] = fields["id"]
    if collection == "integrations":
        blank = _integration(blank, fields)
    unknown = fields.keys() - blank.keys() - _GIVEN
    if unknown:
        raise ValueError(f"{collection} have no field {', '.join(sorted(unknown))}")
    return {**blank, **fields}


def _integration(blank: JSON, fields: JSON) -> JSON:
    vendor = fields["vendor"]
    created = f"{vendor}_CREATE_EVENT"
    del blank["x_id"], blank["last_seen"]
    return {
        **blank,
        "name": f"{vendor.replace('_', ' ').title()} sandbox",
        "active": True,
        "system": "SANDBOX",
        "max_job_concurrency": 1,
        "max_request_frequency": 60,
        "max_request_cadence": "MINUTE",
        "is_archived": False,
        "new_properties_are_enabled": True,
        "integration_interfaces": [{"interface_name": created, "enabled": True, "version": None}],
        "models": {"events": {"enabled": True, "from_interfaces": [created]}},
        "can_authenticate": True,
        "is_running_sync": False,
        "is_running_data_access_check": False,
    }


def iso(seconds: float) -> str:
    """An epoch time as Propexo prints times: UTC, milliseconds, Z."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def last_ten_digits(phone: str | None) -> str:
    """The last ten digits of a number as stored, whatever its format."""
    return "".join(each for each in phone or "" if each.isascii() and each.isdigit())[-10:]
