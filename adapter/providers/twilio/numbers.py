"""Which numbers does a Twilio account have, and where does each call back to?

https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
"""

from __future__ import annotations

from collections.abc import Sequence

from adapter.providers.base import OwnNumber
from adapter.providers.twilio.rest import TwilioRest
from adapter.text.untrusted import cut


class TwilioNumbers:
    """See adapter.providers.base.NumberList."""

    def __init__(self, rest: TwilioRest) -> None:
        self._rest = rest

    def all(self, account: str) -> Sequence[OwnNumber]:
        rows = self._rest.rows(account, "/IncomingPhoneNumbers.json", "incoming_phone_numbers")
        return [
            OwnNumber(
                id=cut(str(row["sid"])),
                number=cut(str(row.get("phone_number") or "")),
                callback=cut(str(row.get("status_callback") or "")) or None,
                # A TwiML App or a trunk has a status callback of its own.
                is_called_back_elsewhere=bool(
                    row.get("voice_application_sid") or row.get("trunk_sid")
                ),
            )
            for row in rows
        ]
