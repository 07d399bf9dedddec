"""What does Twilio's REST API know of a call: the call itself, the legs it dialled, its recordings?

https://www.twilio.com/docs/voice/api/call-resource. A few plain requests; twilio's own client is not used
for them: it knows no other base URL, and brings the whole of Twilio's API into every worker's memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
from urllib3.exceptions import NewConnectionError

from adapter.domain.record import (
    AnsweredBy,
    Leg,
    LegDirection,
    LegStatus,
    Recording,
    RecordingSource,
    RecordingState,
)
from adapter.errors import (
    CredentialsRefused,
    NotReached,
    PermanentError,
    RemoteError,
    TemporaryError,
)
from adapter.net.sessions import new_session
from adapter.net.status_errors import retry_after_seconds, status_error
from adapter.observability.exchanges import Exchange, record_exchange
from adapter.providers.twilio.hooks import RECORDING_SOURCE, RECORDING_STATE, read_leg
from adapter.providers.twilio.times import moment
from adapter.text.untrusted import cut, cut_all, whole

PAGE = 1000
MAX_PAGES = 50
# What is shown of a query: whose legs were asked for, and which page.
_SHOWN = ("ParentCallSid", "Page")
# How often a list is asked for again where Twilio says "later", and how long the waits get.
PATIENT_TRIES = 8
LONGEST_WAIT_SECONDS = 60.0
TIMEOUT = (5.0, 15.0)
CHECK_TOKEN = {401: "check TWILIO_AUTH_TOKEN", 403: "check TWILIO_AUTH_TOKEN"}

# The resource's names in the words of the hooks, which `read_leg` reads.
_LEG_NAMES = {
    "status": "CallStatus",
    "direction": "Direction",
    "from": "From",
    "to": "To",
    "duration": "CallDuration",
    "answered_by": "AnsweredBy",
    "parent_call_sid": "ParentCallSid",
    "caller_name": "CallerName",
    "end_time": "Timestamp",
}


class TwilioRest:
    """Requests to one or several accounts. tokens: an account's auth tokens, () for an unknown one.

    Errors of all: TemporaryError (429, 5xx, no answer), CredentialsRefused, PermanentError.
    """

    def __init__(
        self,
        *,
        base_url: str,
        tokens: Callable[[str], Sequence[str]],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._tokens = tokens
        self._clock = clock
        self._session = new_session()

    def can_read(self, account: str) -> bool:
        """True if there are credentials for this account."""
        return bool(account) and bool(self._tokens(account))

    def leg(self, account: str, sid: str) -> Leg | None:
        """Return one leg, or None if Twilio has no such call, or has it no longer."""
        try:
            row = self._get(account, f"/Calls/{sid}.json")
        except PermanentError as error:
            if error.status == 404:
                return None
            raise
        return leg_of(row)

    def legs_dialled_by(self, account: str, sid: str) -> Sequence[Leg]:
        """Return the legs that this call dialled."""
        return [
            leg_of(row) for row in self.rows(account, "/Calls.json", "calls", ParentCallSid=sid)
        ]

    def calls_to(self, account: str, number: str, since: datetime) -> Sequence[Leg]:
        """Return the incoming calls to this number that began since then.

        The API filters by whole days (UTC), so the rest is done here.
        """
        query: dict[str, Any] = {
            "To": number,
            "StartTime>": (since - timedelta(days=1)).date().isoformat(),
        }
        legs = [leg_of(row) for row in self.rows(account, "/Calls.json", "calls", **query)]
        return [
            leg
            for leg in legs
            if leg.direction is LegDirection.INBOUND
            and leg.started_at is not None
            and leg.started_at >= since
        ]

    def recordings_of(self, account: str, sid: str) -> Sequence[Recording]:
        """Return the recordings of this call."""
        rows = self.rows(account, f"/Calls/{sid}/Recordings.json", "recordings")
        return [recording_of(row, self.base_url) for row in rows]

    def row(self, account: str, path: str) -> Mapping[str, Any]:
        """Return one resource of the account."""
        row: Mapping[str, Any] = self._get(account, path)
        return row

    def accounts(self, account: str) -> Sequence[Mapping[str, Any]]:
        """Return this account and those under it; of very many the first."""
        answer = self._with_tokens(account, "/2010-04-01/Accounts.json", {"PageSize": PAGE}, None)
        return list(answer.get("accounts") or ())

    def change(self, account: str, path: str, values: Mapping[str, str]) -> None:
        """Change one resource. An error is `in_doubt` where Twilio may have done it."""
        self._with_tokens(account, f"/2010-04-01/Accounts/{account}{path}", {}, values)

    def rows(
        self,
        account: str,
        path: str,
        name: str,
        *,
        wait: Callable[[float], None] | None = None,
        most_pages: int = MAX_PAGES,
        **query: str | int,
    ) -> Iterator[Mapping[str, Any]]:
        """Yield the rows of a list resource, page by page, to the page that names no next one.

        wait: where it is given, a page that Twilio puts off is waited for and asked for again.
        """
        answer = self._page(wait, account, path, {"PageSize": PAGE, **query})
        for _ in range(most_pages):
            yield from answer.get(name) or ()
            following = answer.get("next_page_uri")
            if not following:
                return
            parts = urlsplit(following)  # only its path and query: the host stays ours
            answer = self._page(wait, account, f"{parts.path}?{parts.query}", None, whole=True)

    def _page(
        self,
        wait: Callable[[float], None] | None,
        account: str,
        path: str,
        query: Mapping[str, Any] | None,
        *,
        whole: bool = False,
    ) -> Any:
        for tried in range(1, PATIENT_TRIES):
            try:
                return self._get(account, path, query, whole=whole)
            except TemporaryError as error:
                if wait is None:
                    raise
                wait(error.retry_after_seconds or min(2.0**tried, LONGEST_WAIT_SECONDS))
        return self._get(account, path, query, whole=whole)

    def _get(
        self,
        account: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        *,
        whole: bool = False,
    ) -> Any:
        """Return the JSON of a resource of the account."""
        url = path if whole else f"/2010-04-01/Accounts/{account}{path}"
        return self._with_tokens(account, url, query or {}, None)

    def _with_tokens(
        self, account: str, url: str, query: Mapping[str, Any], values: Mapping[str, str] | None
    ) -> Any:
        """Return the answer. Each of the account's tokens is tried in turn."""
        error: RemoteError = CredentialsRefused(f"no token is configured for account {account}")
        for token in self._tokens(account):
            try:
                return self._ask(account, token, url, query, values)
            except CredentialsRefused as refused:
                error = refused
        raise error

    def _ask(
        self,
        account: str,
        token: str,
        url: str,
        query: Mapping[str, Any],
        values: Mapping[str, str] | None = None,
    ) -> Any:
        """Return the JSON of the answer. values: what to POST; None: a GET."""
        is_write = values is not None
        at, method = self._clock(), "POST" if is_write else "GET"
        status, words, answer, failure = None, "no answer", None, None
        try:
            response = self._session.request(
                method,
                self.base_url + url,
                params=dict(query),
                data=dict(values) if values is not None else None,
                auth=(account, token),
                timeout=TIMEOUT,
                allow_redirects=False,
            )
            status = response.status_code
            if status == 200:
                answer = cut_all(response.json())
                words = _found(answer)
            else:
                failure = status_error(
                    status,
                    f"Twilio's API answered {status}",
                    retry_after_seconds=retry_after_seconds(response.headers, self._clock()),
                    in_doubt=is_write,
                    advice=CHECK_TOKEN,
                )
        except (requests.RequestException, RecursionError) as error:  # a broken body included
            fact = f"Twilio's API gave no answer: {_why_none(error)}"
            kind = TemporaryError if _was_reached(error) else NotReached
            failure = kind(fact, in_doubt=is_write)
        words = str(failure) if failure else words
        step = "change" if is_write else "read"
        asked = f"{method} Twilio {_resource(account, url, query)}"
        record_exchange(Exchange(at, self._clock(), step, asked, status, words))
        if failure is not None:
            raise failure
        return answer


def _resource(account: str, url: str, query: Mapping[str, Any]) -> str:
    """What was asked for, to be kept and shown. Of a query only what holds no phone number."""
    parts = urlsplit(url)
    given = {**dict(parse_qsl(parts.query)), **query}
    shown = urlencode({name: given[name] for name in _SHOWN if name in given})
    path = parts.path.removeprefix(f"/2010-04-01/Accounts/{account}")
    return f"{path}?{shown}" if shown else path


def _found(answer: Any) -> str:
    """Say what came: how many rows ("ok, calls: 2"), or the status of one resource ("ok, completed")."""
    if not isinstance(answer, dict):
        return "ok"
    rows = next(
        (f"{name}: {len(rows)}" for name, rows in answer.items() if isinstance(rows, list)), ""
    )
    said = rows or str(answer.get("status") or "")
    return f"ok, {said}" if said else "ok"


def _was_reached(error: Exception) -> bool:
    """False if no connection was made: a name that cannot be found, a refusal."""
    cause = error.args[0] if error.args else None
    return not isinstance(getattr(cause, "reason", None), NewConnectionError)


def _why_none(error: Exception) -> str:
    if isinstance(error, requests.Timeout):
        return "it took too long"
    if isinstance(error, requests.ConnectionError):
        return "it cannot be reached, or broke off"
    return "what it sent cannot be read"


def leg_of(row: Mapping[str, Any]) -> Leg:
    """Return the leg that a row of the Call resource describes."""
    params = {
        name: cut(str(row[key])) for key, name in _LEG_NAMES.items() if row.get(key) is not None
    }
    leg = read_leg(params, cut(str(row["sid"])))
    if leg.status is LegStatus.COMPLETED and leg.answered_by is None:
        # Its end is known here, and machine detection comes before that: nothing was detected.
        leg = leg.model_copy(update={"answered_by": AnsweredBy.UNKNOWN})
    created, began = moment(row.get("date_created")), moment(row.get("start_time"))
    leg = leg.model_copy(update={"created_at": created})
    is_incoming = leg.direction is LegDirection.INBOUND and leg.parent_id is None
    if began is None:
        began = created  # one that nobody took may have no start
    elif created is not None and (is_incoming or _is_dated_by_end(leg, began)):
        began = min(began, created)  # with answerOnBridge it starts when it is picked up
    if began is None or (leg.ended_at is not None and began > leg.ended_at):
        return leg
    return _measured(leg.model_copy(update={"started_at": began}), moment(row.get("start_time")))


def _is_dated_by_end(leg: Leg, began: datetime) -> bool:
    """Nobody picked it up, and the row has the end for the start."""
    return leg.is_over and leg.status is not LegStatus.COMPLETED and began == leg.ended_at


def _measured(leg: Leg, picked_up: datetime | None) -> Leg:
    """The leg with its length or its end, where the row leaves one of them out and the other tells it."""
    if leg.status is not LegStatus.COMPLETED or picked_up is None:
        return leg
    if leg.duration_seconds is None and leg.ended_at is not None:
        length = round((leg.ended_at - picked_up).total_seconds())
        return leg.model_copy(update={"duration_seconds": length})
    if leg.ended_at is None and leg.duration_seconds is not None:
        ended = picked_up + timedelta(seconds=leg.duration_seconds)
        return leg.model_copy(update={"ended_at": ended})
    return leg


def recording_of(row: Mapping[str, Any], base_url: str) -> Recording:
    """Return the recording that a row of the Recording resource describes."""
    sid, account = cut(str(row["sid"])), row.get("account_sid", "")
    source = row.get("source")
    state = RECORDING_STATE.get(row.get("status", ""), RecordingState.IN_PROGRESS)
    is_unfinished = bool(row.get("status")) and state is RecordingState.IN_PROGRESS
    return Recording(
        id=sid,
        url=row.get("media_url") or f"{base_url}/2010-04-01/Accounts/{account}/Recordings/{sid}",
        # While it is being processed it has no length; some answers say 0 then.
        duration_seconds=None if is_unfinished else whole(str(row.get("duration") or "")),
        started_at=moment(row.get("start_time")),
        channels=row.get("channels"),
        source=RECORDING_SOURCE.get(source, RecordingSource.OTHER) if source else None,
        state=state,
    )
