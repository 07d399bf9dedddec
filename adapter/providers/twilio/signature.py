"""Did Twilio send this hook, for which account?

https://www.twilio.com/docs/usage/security#validating-requests; the check itself is twilio's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hmac import compare_digest
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from adapter.errors import MalformedHook, UnsupportedHook, UntrustedHook
from adapter.providers.base import HookRequest, Parameters

SIGNATURE = "X-Twilio-Signature"
FORM = "application/x-www-form-urlencoded"
MAX_PARAMETERS = 1000
MAX_SHOWN = 500
_ACCOUNT = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NAME = re.compile(r"[A-Za-z][A-Za-z_]{0,39}")


class _Parameters(MultiDict[str, str]):
    """twilio's validator asks for `getall` first; without it, each parameter costs it an exception."""

    getall = MultiDict.getlist


def parameters(request: HookRequest) -> Parameters:
    """Return the hook's parameters: the form of a POST, the query of a GET. Order, blanks and repeats are kept.

    Errors: UnsupportedHook (not a form), MalformedHook (empty, or not UTF-8).
    """
    if request.method == "POST":
        content_type = request.header("Content-Type").split(";", 1)[0].strip().lower()
        if content_type != FORM:
            raise UnsupportedHook(f"a voice hook is {FORM}, not {content_type or 'without a type'}")
        raw = request.body
    try:
        if request.method != "POST":
            raw = request.target.partition("?")[2].encode("ascii", "surrogateescape")
        pairs = parse_qsl(
            raw.decode("utf-8"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except ValueError as error:  # UnicodeDecodeError too
        raise MalformedHook("the parameters are not URL-encoded UTF-8") from error
    if not pairs:
        raise MalformedHook("the hook has no parameters")
    if b"\x00" in raw or b"%00" in raw:
        raise MalformedHook("the parameters hold a NUL character")
    return _Parameters(pairs)


class Tokens:
    """Which auth tokens may sign for which account.

    A subaccount's hooks are signed with its own token, never with the main account's
    (https://github.com/twilio/twilio-php/issues/436). Where account is not set, the main tokens
    stand for every account that is not listed as a subaccount. A blank token is none: anybody can sign
    with an empty key.
    """

    def __init__(
        self, account: str | None, tokens: Sequence[str], subaccounts: Mapping[str, Sequence[str]]
    ) -> None:
        self.account = account
        main = _keys(tokens)
        listed = {sid: _keys(own) for sid, own in subaccounts.items() if sid.strip()}
        self._plain = {"": main, **listed}
        self._main = [RequestValidator(token) for token in main]
        self._subaccounts = {
            sid: [RequestValidator(token) for token in own] for sid, own in listed.items()
        }

    def of(self, sid: str) -> Sequence[RequestValidator]:
        """Return the validators for hooks that name this account; none for an unknown one."""
        if sid in self._subaccounts:
            return self._subaccounts[sid]
        if not sid or self.account is None or sid == self.account:
            return self._main
        return ()

    def plain(self, sid: str) -> Sequence[str]:
        """Return the tokens themselves, as passwords for the API; none for an unknown account."""
        if sid in self._plain:
            return self._plain[sid] if sid else ()
        return self._plain[""] if self.account in (None, sid) else ()


def _keys(tokens: Sequence[str]) -> tuple[str, ...]:
    return tuple(token for token in tokens if token.strip())


def verify(request: HookRequest, params: Parameters, *, base_url: str, tokens: Tokens) -> str:
    """Return the account whose token signed this hook, or "" if neither hook nor settings name one.

    base_url: the public one, without a trailing slash; what a proxy made of it does not count.
    Errors: UntrustedHook, with the URL that was checked and the account.
    """
    url = base_url + request.target.partition("#")[0].removesuffix("?")
    sid = params.get("AccountSid", "")
    is_id = not sid or _ACCOUNT.fullmatch(sid) is not None

    def refused(why: str) -> UntrustedHook:
        account = (sid or "not named") if is_id else "not an id"
        return UntrustedHook(why, url=_shown(url), account=account)

    signature = request.header(SIGNATURE)
    if not signature:
        raise refused(f"no {SIGNATURE} header: not from Twilio")
    validators = tokens.of(sid) if is_id else ()
    if not validators:
        raise refused(
            "no token for the account that this hook names; "
            "add it to TWILIO_SUBACCOUNT_TOKENS or check TWILIO_ACCOUNT_SID"
        )
    # A GET's parameters are in the URL already; given again they would be counted twice.
    signed: Parameters = params if request.method == "POST" else MultiDict()
    try:
        genuine = any(_fits(validator, url, signed, signature) for validator in validators)
    except (ValueError, TypeError) as error:  # odd ports and the like in PUBLIC_BASE_URL
        raise refused(f"the signature cannot be checked: {error}") from error
    if not genuine:
        raise refused(
            "the signature does not fit: the token is another account's, "
            "or the URL set at Twilio is not PUBLIC_BASE_URL + path"
        )
    return sid or tokens.account or ""


def _shown(url: str) -> str:
    """Return the URL as it may be logged: of its query the names alone, as a GET has people's numbers there.

    Whoever sends it is not known yet, so names that Twilio would not have are hidden too.
    """
    base, mark, query = url.partition("?")
    names = [pair.partition("=")[0] for pair in query[:MAX_SHOWN].split("&")]
    shown = "&".join(f"{name if _NAME.fullmatch(name) else '*'}=*" for name in names)
    return base[:MAX_SHOWN] + (f"?{shown}" if mark else "")


def _fits(validator: RequestValidator, url: str, signed: Parameters, signature: str) -> bool:
    """The URL exactly as given nearly always fits; else twilio tries it with and without its port."""
    exact = validator.compute_signature(url, signed)
    return compare_digest(exact.encode(), signature.encode()) or bool(
        validator.validate(url, signed, signature)
    )
