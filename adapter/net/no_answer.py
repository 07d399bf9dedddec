"""Why was there no answer, in words that follow an address?"""

from __future__ import annotations

import requests

# Of requests that only find out whether somebody is there: to connect, and to answer, in seconds.
SHORT_TIMEOUT = (5.0, 10.0)


def no_answer_words(error: requests.RequestException) -> str:
    """Return why there was no answer."""
    if isinstance(error, requests.exceptions.SSLError):
        return "has no valid certificate"
    if isinstance(error, requests.Timeout):
        return "does not answer in time"
    return "cannot be reached"
