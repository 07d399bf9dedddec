"""Which fields do Propexo's generic write endpoints take? (OpenAPI document, Feb 2026)"""

from .fields import Field, words

TEXT = Field()
DATE_TIME = Field("date-time")
DATE = Field("date")
URI = Field("uri")
COUNT = Field("integer", minimum=0)
AMOUNT = Field("number", minimum=0)
FLAG = Field("boolean")
LIST = Field("array")
NOTES_256 = Field(max_length=256)

CALL_FIELDS = (
    "call_phone_number_from",
    "call_phone_number_to",
    "call_status",
    "call_duration",
    "call_audio_link",
)
EMAIL_FIELDS = (
    "email_body",
    "email_subject",
    "email_from",
    "email_to",
    "email_cc",
    "email_bcc",
    "email_send",
)
CALL_STATUSES = words("BUSY ABANDONED DISCONNECTED FAILURE_TO_CONNECT NO_ANSWER ANSWER VOICEMAIL")
YARDI_EVENT_NAMES = words(
    "CallToProspect CallFromProspect Other WalkIn Chat Email Webservice Appointment Show "
    "Application SelfGuidedTour Approve CancelApplication ApplicationDenied Hold "
    "CancelAppointment LeaseSign Release ReturnVisit"
)
LEAD_STATUSES = ("LEASED", "LOST", "UNQUALIFIED", "ACTIVE", "FUTURE")
EVENT_STATUSES = ("COMPLETED", "OPEN", "REVIEW", "DENIED")

# What the three generic event schemas have in common.
EVENT_COMMON = {
    "integration_id": TEXT,
    "event_type_id": TEXT,
    "event_result_id": TEXT,
    "event_sub_type_id": TEXT,
    "employee_id": TEXT,
    "unit_id": TEXT,
    "event_datetime": DATE_TIME,
    "reasons_for_event": TEXT,
    "notes": TEXT,
    "appointment_datetime": DATE_TIME,
    "time_from": TEXT,
    "time_to": TEXT,
    "title": TEXT,
    "call_phone_number_from": TEXT,
    "call_phone_number_to": TEXT,
    "call_status": Field(enum=CALL_STATUSES),
    "call_duration": Field("integer", minimum=0, maximum=86400),
    "call_audio_link": URI,
    **dict.fromkeys(EMAIL_FIELDS, TEXT),
    "email_send": FLAG,
}

_YARDI = {
    "event_name": Field(enum=YARDI_EVENT_NAMES),
    "agent_name": TEXT,
    "rent_amount_in_cents": AMOUNT,
}

GENERIC_EVENTS: dict[str, dict[str, Field]] = {
    "leads": {
        **EVENT_COMMON,
        **_YARDI,
        "lead_id": TEXT,
        "notes": NOTES_256,
        "status": Field(enum=LEAD_STATUSES),
        "call_recording_url": URI,
        "lead_source_id": TEXT,
    },
    "applicants": {
        **EVENT_COMMON,
        **_YARDI,
        "applicant_id": TEXT,
        "application_id": TEXT,
        "event_type": Field(enum=("Note",)),
        "notes": NOTES_256,
        "status": Field(enum=EVENT_STATUSES),
    },
    "residents": {
        **EVENT_COMMON,
        "resident_id": TEXT,
        "event_type": Field(enum=("Note",)),
        "status": Field(enum=EVENT_STATUSES),
        "event_name": TEXT,
    },
}

# PUT /v1/events/{leads|applicants|residents}/{event_id}: no call_* field, so that a recording's
# link cannot be added later.
UPDATE_EVENT = {
    "event_datetime": DATE_TIME,
    "event_type_id": TEXT,
    "employee_id": TEXT,
    "status": Field(enum=EVENT_STATUSES),
    "notes": TEXT,
}

_PHONE_TYPE = Field(enum=("FAX", "HOME", "MOBILE", "WORK"))

GENERIC_LEAD: dict[str, Field] = {
    **dict.fromkeys(
        words(
            "integration_id property_id first_name last_name employee_id unit_id credit_score "
            "email_1 phone_1 lead_source desired_bathrooms lead_source_id lease_period_id "
            "middle_name phone_2 address_1 address_2 city state zip notes address_type_id "
            "desired_lease_term_in_months country status_raw desired_unit_type "
            "lead_relationship_id floor_plan_id organization_name"
        ),
        TEXT,
    ),
    **dict.fromkeys(
        words(
            "number_of_additional_occupants desired_max_rent_in_cents monthly_income_in_cents "
            "desired_bedrooms"
        ),
        COUNT,
    ),
    **dict.fromkeys(words("target_move_in_date desired_move_in_date date_of_birth"), DATE),
    **dict.fromkeys(words("has_cats has_dogs has_other_pets"), FLAG),
    "desired_unit_ids": LIST,
    "events": LIST,
    "number_of_occupants": Field("integer"),
    "desired_num_bathrooms": AMOUNT,
    "desired_num_bedrooms": Field("number"),
    "desired_min_rent_in_cents": Field("number", nullable=True),
    "middle_initial": Field(min_length=1, max_length=1),
    "third_party_id": Field(min_length=1),
    "status": Field(enum=("ACTIVE", "COLD", "INACTIVE", "WAITLISTED")),
    "applicant_status": Field(enum=("APPLICANT", "CO_APPLICANT", "OCCUPANT")),
    "phone_1_type": _PHONE_TYPE,
    "phone_2_type": _PHONE_TYPE,
}
