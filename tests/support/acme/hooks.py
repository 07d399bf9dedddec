"""What does an Acme hook state, and is it Acme's?"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from werkzeug.datastructures import MultiDict

from adapter.domain.record import (
    CallRecord,
    Leg,
    LegDirection,
    LegStatus,
    Recording,
    RecordingState,
)
from adapter.errors import MalformedHook, UnreadableHook, UntrustedHook
from adapter.providers.base import HookContent, HookKind, HookRequest, Parameters, ParsedHook, Reply
from adapter.text.untrusted import cut, whole

SIGNATURE = "X-Acme-Signature"
DIRECTIONS = {
    "in": LegDirection.INBOUND,
    "out": LegDirection.OUTBOUND,
    "forwarded": LegDirection.DIALLED,
}
STATUSES = {
    "ringing": LegStatus.RINGING,
    "talking": LegStatus.IN_PROGRESS,
    "done": LegStatus.COMPLETED,
    "missed": LegStatus.NO_ANSWER,
    "busy": LegStatus.BUSY,
}


class AcmeHooks:
    """See adapter.providers.base.HookParser. keys: the secret of each account, which signs its hooks."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._keys = keys

    def parse(self, request: HookRequest) -> Parameters:
        try:
            pairs = parse_qsl(request.body.decode(), keep_blank_values=True, max_num_fields=50)
        except ValueError as error:
            raise MalformedHook("the hook is not URL-encoded UTF-8") from error
        if not pairs:
            raise MalformedHook("the hook has no parameters")
        return MultiDict(pairs)

    def verify(self, request: HookRequest, params: Parameters) -> str:
        account = params.get("account", "")
        key = self._keys.get(account)
        if not key:  # anybody can sign with an empty key
            raise UntrustedHook("no key for this account", url=request.target, account="not known")
        expected = signature_of(request.body, key)
        if not hmac.compare_digest(expected.encode(), request.header(SIGNATURE).encode()):
            raise UntrustedHook("the signature does not fit", url=request.target, account=account)
        return account

    def read(self, params: Parameters, account: str, received_at: datetime) -> HookContent:
        leg = leg_of({name: cut(value) for name, value in params.items()})
        call_id = leg.parent_id or leg.id
        recordings = {}
        if recording_id := cut(params.get("recording", "")):
            recordings = {recording_id: recording_of(recording_id)}
        kind = HookKind.RECORDING if recordings else HookKind.STATUS
        facts = CallRecord(
            provider="acme",
            account=account,
            call_id=call_id,
            legs={leg.id: leg},
            recordings=recordings,
        )
        return ParsedHook(kind, facts)

    def call_ids(self, params: Parameters) -> Sequence[str]:
        return [value for name in ("call", "parent") if (value := params.get(name, ""))]

    def reply(self, event: ParsedHook | None) -> Reply:
        return Reply(200, '{"ok":true}', "application/json")


def signature_of(body: bytes, key: str) -> str:
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


def leg_of(row: Mapping[str, str]) -> Leg:
    """Return the leg that a hook, or a row of the API, describes. Errors: UnreadableHook."""
    if not row.get("call"):
        raise UnreadableHook("the hook names no call")
    status = STATUSES.get(row.get("state", ""))
    if status is None:
        raise UnreadableHook("the hook has a state that is not known")
    return Leg(
        id=row["call"],
        parent_id=row.get("parent") or None,
        direction=DIRECTIONS.get(row.get("direction", "")),
        from_number=row.get("from") or None,
        to_number=row.get("to") or None,
        status=status,
        duration_seconds=whole(row.get("seconds")),
        started_at=moment(row.get("began")),
        ended_at=moment(row.get("ended")) if status.is_terminal else None,
    )


def recording_of(recording_id: str) -> Recording:
    return Recording(id=recording_id, state=RecordingState.COMPLETE)


def moment(text: str | None) -> datetime | None:
    """Return the ISO 8601 time in UTC, or None for what is none."""
    try:
        return datetime.fromisoformat(cut(text or "")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
