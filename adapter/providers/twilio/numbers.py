"""Which numbers does a Twilio account have, where does each call back to, and how is that changed?

https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource. A number on a TwiML App goes by the
app's settings, so there the app's status callback is read and set (https://www.twilio.com/docs/usage/api/applications).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapter.domain.callback import Callback
from adapter.errors import PermanentError
from adapter.providers.base import Application, OwnNumber
from adapter.providers.twilio.rest import TwilioRest
from adapter.text.untrusted import cut

# Five more tries after any failure (https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides).
RETRY_FRAGMENT = "#rc=5&rp=all"


class TwilioNumbers:
    """See adapter.providers.base.NumberList."""

    def __init__(self, rest: TwilioRest) -> None:
        self._rest = rest

    def wanted(self, base_url: str) -> Callback:
        return Callback(f"{base_url}/webhooks/twilio{RETRY_FRAGMENT}", "POST")

    def all(self, account: str) -> Sequence[OwnNumber]:
        rows = self._rest.rows(account, "/IncomingPhoneNumbers.json", "incoming_phone_numbers")
        applications: dict[str, Application | None] = {}
        return [self._number(account, row, applications) for row in rows]

    def subaccounts(self, account: str) -> Sequence[str]:
        return [
            cut(str(row["sid"])) for row in self._rest.accounts(account) if _is_under(row, account)
        ]

    def callback(self, account: str, set_at: str) -> Callback:
        return _callback(self._rest.row(account, _path(set_at)))

    def set_callback(self, account: str, set_at: str, callback: Callback) -> None:
        values = {"StatusCallback": callback.url}
        if callback.method:
            values["StatusCallbackMethod"] = callback.method
        self._rest.change(account, _path(set_at), values)

    def _number(
        self, account: str, row: Mapping[str, Any], applications: dict[str, Application | None]
    ) -> OwnNumber:
        callback, application, obstacle = _callback(row), None, _obstacle(row)
        sid = cut(str(row.get("voice_application_sid") or ""))
        if sid and obstacle is None:
            if sid not in applications:
                applications[sid] = self._application(account, sid)
            application = applications[sid]
            if application is None:
                obstacle = (
                    f"it belongs to the TwiML App {sid}, which cannot be read, and whose settings count: "
                    "take the number off the app in Twilio's Console, or give it one that is there"
                )
            else:
                callback = application.callback
        return OwnNumber(
            id=cut(str(row["sid"])),
            number=cut(str(row.get("phone_number") or "")),
            callback=callback.url or None,
            method=callback.method,
            account=account,
            name=cut(str(row.get("friendly_name") or "")),
            application=application,
            obstacle=obstacle,
        )

    def _application(self, account: str, sid: str) -> Application | None:
        try:
            row = self._rest.row(account, _path(sid))
        except PermanentError as error:
            if error.status == 404:
                return None
            raise
        return Application(sid, cut(str(row.get("friendly_name") or "")), _callback(row))


def _is_under(row: Mapping[str, Any], account: str) -> bool:
    return row.get("owner_account_sid") == account != row["sid"] and row.get("status") == "active"


def _path(set_at: str) -> str:
    resource = "Applications" if set_at.startswith("AP") else "IncomingPhoneNumbers"
    return f"/{resource}/{set_at}.json"


def _callback(row: Mapping[str, Any]) -> Callback:
    url, method = row.get("status_callback"), row.get("status_callback_method")
    return Callback(str(url or ""), str(method or ""))


def _obstacle(row: Mapping[str, Any]) -> str | None:
    """Return why no status callback can come for calls of this number, and what works instead."""
    capabilities = row.get("capabilities")
    if row.get("trunk_sid"):
        # https://support.twilio.com/hc/en-us/articles/223132267
        return (
            f"it belongs to the trunk {cut(str(row['trunk_sid']))}, and Twilio sends no status callback for "
            "calls of a trunk. What works: take it off the trunk and forward its calls with <Dial>; or "
            "adapter reconcile, which reads Twilio's own list of calls"
        )
    if row.get("voice_receive_mode") == "fax":
        return (
            "it receives faxes and no calls. What works: set it to receive voice calls in Twilio's Console "
            "(Phone Numbers, the number, Voice Configuration)"
        )
    if isinstance(capabilities, Mapping) and not capabilities.get("voice", True):
        return "it can take no calls. What works: another number, one that has voice"
    return None
