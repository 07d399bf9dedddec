"""Does Twilio take every token, and are the accounts active?"""

from __future__ import annotations

from collections.abc import Iterator

import requests

from adapter.cli.doctor.finding import Finding
from adapter.config.settings import Settings
from adapter.net.no_answer import SHORT_TIMEOUT, no_answer_words
from adapter.net.sessions import new_session


def check_twilio(settings: Settings) -> Iterator[Finding]:
    """Check each token by itself: one that Twilio refuses must not sign hooks any longer."""
    accounts = [
        (f"Twilio subaccount {sid[:6]}...", "TWILIO_SUBACCOUNT_TOKENS", sid, tokens)
        for sid, tokens in settings.twilio_subaccount_tokens.items()
    ]
    if settings.twilio_account_sid and settings.twilio_auth_token:
        main = (settings.twilio_account_sid, settings.twilio_auth_token)
        accounts.insert(0, ("Twilio", "TWILIO_AUTH_TOKEN", *main))
    if not accounts:
        fact = "not asked: TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not both set"
        yield Finding("Twilio", False, f"{fact}, see above")
    for name, setting, sid, tokens in accounts:
        for number, token in enumerate(tokens, 1):
            which = f"{setting} ({number} of {len(tokens)})" if len(tokens) > 1 else setting
            problem = _problem(settings.twilio_api_base_url, sid, token.get_secret_value(), which)
            if problem:
                yield Finding(name, False, problem)
            else:
                yield Finding(name, True, f"takes {which}")


def _problem(base: str, sid: str, token: str, setting: str) -> str | None:
    """Return why this account cannot be read with this token, or None. setting: where the token stands."""
    try:
        answer = new_session().get(
            f"{base}/2010-04-01/Accounts/{sid}.json",
            auth=(sid, token),
            timeout=SHORT_TIMEOUT,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        return f"{base} {no_answer_words(error)}; check TWILIO_API_BASE_URL and the network"
    if answer.status_code in (401, 403):
        return (
            f"{setting} is refused for this account ({answer.status_code}): copy the token from "
            "Twilio's Console, Account info, or remove it if it is an old one"
        )
    if answer.status_code == 404:
        return f"there is no account {sid[:6]}... for {setting}: copy its id from the Console"
    if answer.status_code != 200:
        return f"{base} answered {answer.status_code}; try again, or check TWILIO_API_BASE_URL"
    try:
        status = answer.json()["status"]
    except (ValueError, KeyError, TypeError):
        return f"{base} does not answer as Twilio does; check TWILIO_API_BASE_URL"
    return None if status == "active" else f"the account is {status}: see Twilio's Console"
