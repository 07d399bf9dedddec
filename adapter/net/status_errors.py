"""Which of our errors is an HTTP status, and when may the request be sent again?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from adapter.errors import (
    CredentialsRefused,
    NotSupported,
    PermanentError,
    RemoteError,
    TemporaryError,
)
from adapter.text.untrusted import cut

# A longer Retry-After is taken for this.
MOST_RETRY_AFTER_SECONDS = 3600.0


def status_error(
    status: int,
    message: str,
    *,
    retry_after_seconds: float | None = None,
    in_doubt: bool = False,
    advice: Mapping[int, str] | None = None,
) -> RemoteError:
    """Return the error for an answer that is not a success.

    message: who answered what. in_doubt: the request was a write, so a 408 or 5xx leaves open whether it was
    carried out. advice: what to do about a status, or about a class of them (3 for 300 to 399); it is put
    behind the message.
    """
    words = (advice or {}).get(status) or (advice or {}).get(status // 100)
    text = f"{message}; {words}" if words else message
    if status == 429:
        return TemporaryError(text, status=status, retry_after_seconds=retry_after_seconds)
    if status >= 500 or status == 408:
        return TemporaryError(
            text, status=status, in_doubt=in_doubt, retry_after_seconds=retry_after_seconds
        )
    if status in (401, 403):
        return CredentialsRefused(text, status=status)
    if status == 405:
        return NotSupported(text, status=status)
    return PermanentError(text, status=status)


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that Retry-After asks to wait, an hour at most; None without a readable one.

    The header holds seconds or an HTTP date (RFC 9110 section 10.2.3). urllib3 reads it too, but only by the
    machine's own clock, and it refuses the decimals that some servers send.
    """
    value = cut(headers.get("Retry-After") or "").strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - now).total_seconds()
        except (ValueError, TypeError):
            return None
    return None if math.isnan(seconds) else min(max(seconds, 0.0), MOST_RETRY_AFTER_SECONDS)
