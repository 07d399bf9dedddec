"""Does the target post, trace, confirm and amend in Propexo's shapes, all of them?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import responses
from responses.matchers import query_param_matcher

from adapter.domain.call_event import CallEvent, WriteRequest
from adapter.domain.lines import PersonKind
from adapter.domain.matching import Person
from adapter.errors import CredentialsRefused, NotSupported, PermanentError, TemporaryError
from adapter.storage.people_index import PeopleIndex
from adapter.storage.store import Store
from adapter.targets.base import FoundJob, FoundOnRecord, NoTrace, WriteState
from adapter.targets.propexo.target import PropexoTarget, job_id_of
from tests.support.propexo_client import BASE, NoBudget, a_client

CALL = "CA" + "1" * 32
LEAD_EVENT = WriteRequest(
    "/v1/events/leads",
    {"ignore_unknown_fields": "true"},
    {
        "integration_id": "int_1",
        "lead_id": "lead_1",
        "notes": f"Incoming call. [call {CALL}]",
        "event_datetime": "2026-03-02T10:00:00-05:00",
        "event_type_id": "et_1",
        "call_status": "ANSWER",
    },
)
NEW_LEAD = WriteRequest(
    "/v1/leads/",
    {},
    {"integration_id": "int_1", "phone_1": "+16175550199", "notes": f"[call {CALL}]"},
)
AMENDED = CallEvent(
    LEAD_EVENT, Person(PersonKind.LEAD, "lead_1", "int_1"), facts_mark=None, told=None
)
LOGS = f"{BASE}/v1/admin/logs/writes/"
NOW = datetime.now(UTC)


@pytest.fixture
def http() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def target(store: Store) -> PropexoTarget:
    return PropexoTarget(a_client(NoBudget()), PeopleIndex(store))


@pytest.fixture
def backend() -> str:
    """One kind of database is enough here."""
    return "sqlite"


def log(job: str, parameters: Any, *, minutes: float = 0.0, status: str = "SUCCESS") -> Any:
    at = (NOW - timedelta(minutes=minutes)).isoformat()
    row = {"id": f"log_{job}", "job_id": job, "created_at": at}
    return {**row, "status": status, "parameters": parameters}


def logs(http: responses.RequestsMock, *rows: Any) -> None:
    http.add(responses.GET, LOGS, json={"results": {"logs": list(rows)}})


def events(http: responses.RequestsMock, *rows: Any) -> None:
    http.add(responses.GET, f"{BASE}/v1/events/", json={"meta": {}, "results": list(rows)})


def query(http: responses.RequestsMock, index: int) -> Mapping[str, str]:
    return dict(parse_qsl(urlsplit(http.calls[index].request.url or "").query))


# Posting ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "job_id"),
    [
        ({"job_id": "job_1", "data": {}}, "job_1"),
        ({"meta": {"job_id": "job_2"}, "result": {}}, "job_2"),
        ({"meta": None, "job_id": "job_3"}, "job_3"),
        ({"meta": {"job_id": ""}, "job_id": "job_4"}, "job_4"),
        ({"success": True, "job_id": 17}, "17"),
        ({"meta": {}, "data": {}}, None),
        ({}, None),
    ],
)
def test_the_job_is_named_at_the_top_or_under_meta(
    answer: dict[str, Any], job_id: str | None
) -> None:
    assert job_id_of(answer) == job_id


def test_a_post_sends_the_request_as_it_was_prepared(
    target: PropexoTarget, http: responses.RequestsMock
) -> None:
    http.add(responses.POST, f"{BASE}/v1/events/leads", json={"job_id": "job_1", "data": {}})
    assert target.post(LEAD_EVENT) == "job_1"
    sent = http.calls[0].request
    assert json.loads(sent.body or "") == LEAD_EVENT.body
    assert query(http, 0) == {"ignore_unknown_fields": "true"}


@pytest.mark.parametrize("answer", [{"data": {}}, {"meta": {}}])
def test_an_acceptance_without_a_job_is_doubtful(
    target: PropexoTarget, http: responses.RequestsMock, answer: Any
) -> None:
    http.add(responses.POST, f"{BASE}/v1/events/leads", json=answer)
    with pytest.raises(TemporaryError) as caught:
        target.post(LEAD_EVENT)
    assert caught.value.in_doubt


@pytest.mark.parametrize("answer", [[], "ok", 1, None])
def test_an_acceptance_that_is_no_object_is_doubtful_and_no_bug_of_ours(
    target: PropexoTarget, http: responses.RequestsMock, answer: Any
) -> None:
    http.add(responses.POST, f"{BASE}/v1/events/leads", json=answer)
    with pytest.raises(TemporaryError) as caught:
        target.post(LEAD_EVENT)
    assert caught.value.in_doubt


# Traces -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parameters",
    [
        {"notes": f"x [call {CALL}]"},
        {"body": {"deep": [{"notes": f"x [call {CALL}]\n"}]}},
        json.dumps({"notes": f"[call {CALL}]"}),
    ],
)
def test_a_trace_is_found_in_the_logs_in_whatever_form_the_parameters_are_kept(
    target: PropexoTarget, http: responses.RequestsMock, parameters: Any
) -> None:
    logs(http, log("job_2", {"notes": "another"}), log("job_1", parameters))
    assert target.find_earlier(CALL, LEAD_EVENT, NOW) == FoundJob("job_1")
    assert query(http, 0)["integration_id"] == "int_1"
    assert query(http, 0)["write_category"] == "events"
    assert len(http.calls) == 1, "the person's events need not be asked"


def test_a_trace_on_the_person_alone_has_no_job(
    target: PropexoTarget, http: responses.RequestsMock
) -> None:
    logs(http, log("job_2", {}))
    events(http, {"id": "e1", "notes": None}, {"id": "e2", "notes": f"[call {CALL}]"})
    assert target.find_earlier(CALL, LEAD_EVENT, NOW) == FoundOnRecord()
    assert query(http, 1)["lead_id"] == "lead_1"


def test_no_trace_is_none(target: PropexoTarget, http: responses.RequestsMock) -> None:
    logs(http)
    events(http, {"id": "e1", "notes": "[call CA_other]"})
    assert target.find_earlier(CALL, LEAD_EVENT, NOW) == NoTrace()


@pytest.mark.parametrize("answer", [{"results": {}}, {"results": {"logs": []}}])
def test_an_empty_log_in_any_shape_is_none(
    target: PropexoTarget, http: responses.RequestsMock, answer: Any
) -> None:
    http.add(responses.GET, LOGS, json=answer)
    events(http)
    assert target.find_earlier(CALL, LEAD_EVENT, NOW) == NoTrace()


@pytest.mark.parametrize("status", [403, 404, 405])
def test_without_logs_the_persons_events_tell_of_a_trace_but_not_of_none(
    target: PropexoTarget, http: responses.RequestsMock, status: int
) -> None:
    """Events come with a later sync: that there is none proves nothing, and a person has to look."""
    http.add(responses.GET, LOGS, status=status)
    events(http, {"id": "e1", "notes": f"[call {CALL}]"})
    assert target.find_earlier(CALL, LEAD_EVENT, NOW) == FoundOnRecord()
    http.reset()
    http.add(responses.GET, LOGS, status=status)
    events(http)
    with pytest.raises(NotSupported, match="no write logs"):
        target.find_earlier(CALL, LEAD_EVENT, NOW)


def test_a_refused_key_is_no_missing_log(
    target: PropexoTarget, http: responses.RequestsMock
) -> None:
    http.add(responses.GET, LOGS, status=401)
    with pytest.raises(CredentialsRefused):
        target.find_earlier(CALL, LEAD_EVENT, NOW)


def test_without_logs_nothing_is_known_of_a_new_lead(
    target: PropexoTarget, http: responses.RequestsMock
) -> None:
    http.add(responses.GET, LOGS, status=404)
    with pytest.raises(PermanentError):
        target.find_earlier(CALL, NEW_LEAD, NOW)


@pytest.mark.parametrize("answer", [{"results": [log("job_1", {})]}, [], {}, {"results": None}])
def test_logs_in_another_shape_are_as_good_as_none(
    target: PropexoTarget, http: responses.RequestsMock, answer: Any
) -> None:
    http.add(responses.GET, LOGS, json=answer)
    events(http)
    with pytest.raises(NotSupported, match="no write logs"):
        target.find_earlier(CALL, LEAD_EVENT, NOW)
    with pytest.raises(PermanentError):
        target.ended_writes("int_1", NOW)


def test_the_logs_are_read_back_to_the_time_of_the_try_and_no_further(
    target: PropexoTarget, http: responses.RequestsMock
) -> None:
    pages = [
        [log(f"a{i}", {}, minutes=1) for i in range(100)],
        [log(f"b{i}", {}, minutes=9) for i in range(100)],
        [log(f"c{i}", {}, minutes=30) for i in range(100)],
    ]
    for page, rows in enumerate(pages):
        http.add(
            responses.GET,
            LOGS,
            match=[query_param_matcher({"offset": str(page * 100)}, strict_match=False)],
            json={"results": {"logs": rows}},
        )
    events(http)
    assert target.find_earlier(CALL, LEAD_EVENT, NOW - timedelta(minutes=5)) == NoTrace()
    assert sum(str(call.request.url).startswith(LOGS) for call in http.calls) == 2


@pytest.mark.parametrize(
    ("age", "time_range"),
    [
        (timedelta(minutes=10), "hour"),
        (timedelta(minutes=59), "day"),
        (timedelta(hours=5), "day"),
        (timedelta(hours=30), "week"),
        (timedelta(days=9), "month"),
    ],
)
def test_the_time_range_holds_the_time_of_the_try(
    target: PropexoTarget, http: responses.RequestsMock, age: timedelta, time_range: str
) -> None:
    logs(http)
    events(http)
    target.find_earlier(CALL, LEAD_EVENT, NOW - age)
    assert query(http, 0)["time_range"] == time_range


def test_logs_that_do_not_reach_back_prove_nothing(
    target: PropexoTarget, http: responses.RequestsMock
) -> None:
    events(http)
    with pytest.raises(PermanentError, match="reach back"):
        target.find_earlier(CALL, LEAD_EVENT, NOW - timedelta(days=40))


def test_logs_without_an_end_prove_nothing(
    target: PropexoTarget, http: responses.RequestsMock
) -> None:
    """Other people write a lot: the look is put off, and nothing is posted for want of a trace."""
    logs(http, *(log(f"job_{n}", {}) for n in range(100)))
    with pytest.raises(TemporaryError, match="not read to the end"):
        target.find_earlier(CALL, LEAD_EVENT, NOW)


def test_a_trace_behind_thousands_of_other_writes_is_found(
    target: PropexoTarget, http: responses.RequestsMock
) -> None:
    def page(request: Any) -> tuple[int, dict[str, str], str]:
        offset = int(parse_qs(urlsplit(request.url).query)["offset"][0])
        rows = [log(f"job_{offset + n}", {}, minutes=4) for n in range(100)]
        if offset == 4200:
            rows[7] = log("job_ours", {"notes": f"[call {CALL}]"}, minutes=5)
        return 200, {}, json.dumps({"results": {"logs": rows}})

    http.add_callback(responses.GET, LOGS, callback=page)
    assert target.find_earlier(CALL, LEAD_EVENT, NOW - timedelta(minutes=5)) == FoundJob("job_ours")


def test_rows_without_a_time_do_not_end_the_look(
    target: PropexoTarget, http: responses.RequestsMock
) -> None:
    pages = [[log(f"job_{n}", {}) | {"created_at": None} for n in range(100)]]
    pages.append([log("job_ours", {"notes": f"[call {CALL}]"})])
    for number, rows in enumerate(pages):
        http.add(
            responses.GET,
            LOGS,
            match=[query_param_matcher({"offset": str(number * 100)}, strict_match=False)],
            json={"results": {"logs": rows}},
        )
    assert target.find_earlier(CALL, LEAD_EVENT, NOW) == FoundJob("job_ours")


@pytest.mark.parametrize("status", [400, 404, 405])
def test_without_logs_only_an_event_that_is_there_proves_anything(
    target: PropexoTarget, http: responses.RequestsMock, status: int
) -> None:
    http.add(responses.GET, LOGS, status=status, json={})
    events(http, {"id": "e1", "notes": f"[call {CALL}]"})
    assert target.find_earlier(CALL, LEAD_EVENT, NOW) == FoundOnRecord()
    http.replace(responses.GET, f"{BASE}/v1/events/", json={"results": []})
    with pytest.raises(PermanentError, match=str(status)):
        target.find_earlier(CALL, LEAD_EVENT, NOW)


@pytest.mark.parametrize("status", [403, 404, 405])
def test_without_events_the_logs_are_enough(
    target: PropexoTarget, http: responses.RequestsMock, status: int
) -> None:
    logs(http)
    http.add(responses.GET, f"{BASE}/v1/events/", status=status, json={})
    assert target.find_earlier(CALL, LEAD_EVENT, NOW) == NoTrace()


def test_the_trace_of_a_retry_is_a_job_after_the_one_that_failed(
    target: PropexoTarget, http: responses.RequestsMock
) -> None:
    ours = {"notes": f"[call {CALL}]"}
    rows = [log("job_2", ours, status="FAILURE"), log("job_1", ours, status="FAILURE")]
    logs(http, *rows)
    events(http)
    assert target.find_earlier(CALL, LEAD_EVENT, NOW, after_job="job_2") == NoTrace()
    assert target.find_earlier(CALL, LEAD_EVENT, NOW, after_job="job_1") == FoundJob("job_2")


def test_a_new_leads_trace_is_looked_for_among_leads(
    target: PropexoTarget, http: responses.RequestsMock
) -> None:
    logs(http, log("job_1", {"third_party_id": CALL}))
    assert target.find_earlier(CALL, NEW_LEAD, NOW) == FoundJob("job_1")
    assert query(http, 0)["write_category"] == "leads"


# What passes for a trace ------------------------------------------------------------------------------

OTHER = "CA" + "2" * 32
# What a caller, or somebody who writes by the same key, may have had written somewhere.
NOT_OURS = [
    {"notes": f'Message: "[call {CALL}]" [call {OTHER}]'},
    {"notes": f"[call {CALL}] was called back"},
    {"notes": f"[call {CALL}0]"},
    {"notes": f"[call 0{CALL}]"},
    {"notes": f"[call {CALL[:-1]}]"},
    {"notes": f"call {CALL}"},
    {"notes": CALL},
    {"notes": f"[call {CALL}", "title": "]"},
    {"call_phone_number_from": f"sip:[call {CALL}]", "notes": f"x [call {OTHER}]"},
    {"call_phone_number_from": f"sip:[call {CALL}]"},
    {"agent_name": f"[call {CALL}]"},
    {f"[call {CALL}]": "notes"},
]


@pytest.mark.parametrize("parameters", NOT_OURS)
def test_words_of_others_are_no_trace_of_ours(
    target: PropexoTarget, http: responses.RequestsMock, parameters: Any
) -> None:
    logs(http, log("job_2", parameters))
    events(http, {"id": "e2", "notes": parameters.get("notes"), "agent_name": f"[call {CALL}]"})
    assert target.find_earlier(CALL, LEAD_EVENT, NOW) == NoTrace()
    assert target.find_unrecorded(CALL, LEAD_EVENT, NOW, thorough=True) == NoTrace()
    assert target.find_event(CALL, LEAD_EVENT, None) is None


@pytest.mark.parametrize("behind", ["", " ", "\r\n", "</p>", " <br />", "</div></body>", "&nbsp;"])
def test_what_a_pms_puts_behind_notes_does_not_hide_the_trace(
    target: PropexoTarget, http: responses.RequestsMock, behind: str
) -> None:
    events(http, {"id": "e2", "notes": f"<p>Incoming call. [call {CALL}]{behind}"})
    assert target.find_event(CALL, LEAD_EVENT, None) == "e2"


def test_notes_that_a_pms_cut_off_are_no_trace(
    target: PropexoTarget, http: responses.RequestsMock
) -> None:
    """Then the logs tell, and what the confirmation named is corrected."""
    events(http, {"id": "e2", "notes": f"Incoming call. [call {CALL[:20]}"})
    assert target.find_event(CALL, LEAD_EVENT, "event_7") == "event_7"


def test_an_event_behind_a_page_of_others_is_found(
    target: PropexoTarget, http: responses.RequestsMock
) -> None:
    pages = [[{"id": f"e{n}", "notes": "x"} for n in range(100)]]
    pages.append([{"id": "ours", "notes": f"[call {CALL}]"}])
    for page, rows in enumerate(pages):
        offset = {"offset": "100"} if page else {}
        wanted = query_param_matcher({"order-by": "created_at:desc", **offset}, strict_match=False)
        answer = {"meta": {"hasMore": not page}, "results": rows}
        http.add(responses.GET, f"{BASE}/v1/events/", match=[wanted], json=answer)
    assert target.find_event(CALL, LEAD_EVENT, None) == "ours"


@pytest.mark.parametrize("parameters", [None, "", "not JSON", 7])
def test_logs_that_do_not_say_what_was_written_prove_nothing(
    target: PropexoTarget, http: responses.RequestsMock, parameters: Any
) -> None:
    logs(http, log("job_2", parameters))
    events(http)
    with pytest.raises(NotSupported, match="do not say what was written"):
        target.find_earlier(CALL, LEAD_EVENT, NOW)
    with pytest.raises(NotSupported, match="do not say what was written"):
        target.find_unrecorded(CALL, LEAD_EVENT, NOW, thorough=True)


@pytest.mark.parametrize(
    ("parameters", "is_ours"),
    [
        ({"third_party_id": CALL}, True),
        ({"phone_1": "+16175550199"}, True),
        ({"lead": {"phones": ["(617) 555-0199"]}}, True),
        ({"phone_1": "6175550199"}, True),
        ({"phone_1": "+161755501990"}, False),
        ({"phone_1": "+16175550198", "notes": "not 6175550199, or +16175550199"}, False),
        ({"first_name": f"[call {CALL}]", "notes": f"[call {CALL}]"}, False),
        ({"third_party_id": f"x{CALL}"}, False),
        ({"third_party_id": f"{CALL}1"}, False),
    ],
)
def test_a_lead_is_ours_by_its_whole_number_or_our_whole_reference(
    target: PropexoTarget, http: responses.RequestsMock, parameters: Any, is_ours: bool
) -> None:
    logs(http, log("job_1", parameters))
    assert target.find_earlier(CALL, NEW_LEAD, NOW) == (FoundJob("job_1") if is_ours else NoTrace())
    found = target.find_unrecorded(CALL, NEW_LEAD, NOW, thorough=True)
    assert found == (FoundJob("job_1") if is_ours else NoTrace())


# Confirming -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("SUCCESS", WriteState.WRITTEN),
        ("PARTIAL_SUCCESS", WriteState.PARTLY),
        ("FAILURE", WriteState.FAILED),
        ("PENDING", WriteState.PENDING),
        ("SOMETHING_NEW", WriteState.PENDING),
        (None, WriteState.PENDING),
    ],
)
def test_each_write_status_is_told_with_its_words_and_record(
    target: PropexoTarget, http: responses.RequestsMock, status: str | None, state: WriteState
) -> None:
    answer = {"write_status": status, "errors": ["one", "two"], "created_record_id": "event_1"}
    http.add(responses.GET, f"{BASE}/v1/admin/write-status/job_1", json=answer)
    found = target.confirm("job_1")
    assert (found.state, found.words, found.record_id) == (state, "one; two", "event_1")


@pytest.mark.parametrize("errors", [None, []])
def test_no_words_are_none(
    target: PropexoTarget, http: responses.RequestsMock, errors: Any
) -> None:
    answer = {"write_status": "FAILURE", "errors": errors, "created_record_id": None}
    http.add(responses.GET, f"{BASE}/v1/admin/write-status/job_1", json=answer)
    assert target.confirm("job_1").words is None


@pytest.mark.parametrize(
    ("words", "may_retry"),
    [
        ("Entrata timed out", True),
        ("Service temporarily unavailable", True),
        ("Too many requests", True),
        ("socket hang up", True),
        ("HTTP 503", True),
        ("Lead 50315 is archived", False),
        ("Invalid event type", False),
        ("agent not found", False),
    ],
)
def test_only_trouble_that_may_pass_is_to_be_tried_again(
    target: PropexoTarget, http: responses.RequestsMock, words: str, may_retry: bool
) -> None:
    answer = {"write_status": "FAILURE", "errors": [words], "created_record_id": None}
    http.add(responses.GET, f"{BASE}/v1/admin/write-status/job_1", json=answer)
    assert target.confirm("job_1").may_retry is may_retry


def test_ended_writes_tell_the_newest_word_on_each_job(
    target: PropexoTarget, http: responses.RequestsMock
) -> None:
    logs(
        http,
        log("job_1", {}, status="SUCCESS"),
        log("job_1", {}, status="FAILURE", minutes=1),
        log("job_2", {}, status="FAILURE"),
        log("job_3", {}, status="PENDING"),
    )
    assert target.ended_writes("int_1", NOW) == {"job_1": True, "job_2": False}


def test_a_retry_names_the_new_job(target: PropexoTarget, http: responses.RequestsMock) -> None:
    http.add(
        responses.POST,
        f"{BASE}/v1/admin/retry-write/job_1",
        json={"success": True, "job_id": "job_9"},
    )
    assert target.retry("job_1") == "job_9"
    assert json.loads(http.calls[0].request.body or "") == {}


def test_a_retry_that_is_refused_by_a_word_is_refused(
    target: PropexoTarget, http: responses.RequestsMock
) -> None:
    answer = {"success": False, "job_id": "job_1"}
    http.add(responses.POST, f"{BASE}/v1/admin/retry-write/job_1", json=answer)
    with pytest.raises(PermanentError):
        target.retry("job_1")


# Amending ---------------------------------------------------------------------------------------------


def test_the_event_with_our_reference_is_the_one_to_amend(
    target: PropexoTarget, http: responses.RequestsMock
) -> None:
    events(http, {"id": "e1", "notes": "x"}, {"id": "e2", "notes": f"[call {CALL}]"})
    assert target.find_event(CALL, LEAD_EVENT, "e_other") == "e2"


def test_where_it_is_not_seen_the_confirmed_id_is_believed_unless_it_is_the_persons(
    target: PropexoTarget, http: responses.RequestsMock
) -> None:
    events(http)
    assert target.find_event(CALL, LEAD_EVENT, "event_7") == "event_7"
    assert target.find_event(CALL, LEAD_EVENT, "lead_1") is None
    assert target.find_event(CALL, LEAD_EVENT, None) is None


def test_an_amendment_sends_what_can_be_changed_and_nothing_else(
    target: PropexoTarget, http: responses.RequestsMock
) -> None:
    http.add(responses.PUT, f"{BASE}/v1/events/leads/event_7", json={"job_id": "job_2", "data": {}})
    target.amend("event_7", AMENDED)
    assert json.loads(http.calls[0].request.body or "") == {
        "event_datetime": "2026-03-02T10:00:00-05:00",
        "event_type_id": "et_1",
        "notes": f"Incoming call. [call {CALL}]",
    }


def test_where_events_cannot_be_changed_that_is_said(
    target: PropexoTarget, http: responses.RequestsMock
) -> None:
    error = {"error": {"code": "method_not_allowed", "message": "not supported"}}
    http.add(responses.PUT, f"{BASE}/v1/events/leads/event_7", status=405, json=error)
    with pytest.raises(NotSupported):
        target.amend("event_7", AMENDED)
