"""Is a hook trusted exactly when Twilio signed it, for the account that it names?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.datastructures import Headers

from adapter.errors import HookError, MalformedHook, UnsupportedHook, UntrustedHook
from adapter.providers.base import HookRequest
from adapter.providers.twilio import TwilioHooks
from adapter.providers.twilio.signature import MAX_PARAMETERS, Tokens, parameters
from tests.support.environment import ACCOUNT, BASE_URL, NOW, PATH, TOKEN
from tests.support.hooks import Pairs, sign, signed

FORM = "application/x-www-form-urlencoded"
SUB = "AC00000000000000000000000000000002"
CALL = {"AccountSid": ACCOUNT, "CallSid": "CA01", "CallStatus": "completed"}


def twilio(
    *,
    base_url: str = BASE_URL,
    account: str | None = ACCOUNT,
    tokens: Sequence[str] = (TOKEN,),
    subaccounts: Mapping[str, Sequence[str]] | None = None,
) -> TwilioHooks:
    return TwilioHooks(public_base_url=base_url, tokens=Tokens(account, tokens, subaccounts or {}))


def with_headers(hook: HookRequest, **headers: str | None) -> HookRequest:
    """The hook with these headers changed; None takes one away."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    kept = {k: v for k, v in {**hook.headers, **names}.items() if v is not None}
    return replace(hook, headers=Headers(kept))


def verify(provider: TwilioHooks, hook: HookRequest) -> str:
    return provider.verify(hook, provider.parse(hook))


def is_trusted(provider: TwilioHooks, hook: HookRequest) -> bool:
    try:
        verify(provider, hook)
    except UntrustedHook:
        return False
    return True


DOCUMENTED: list[tuple[str, str, list[tuple[str, str]], str]] = [
    (
        "https://example.com",
        "/myapp.php?foo=1&bar=2",
        [
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675310"),
            ("From", "+14158675310"),
            ("Digits", "1234"),
            ("To", "+18005551212"),
        ],
        "L/OH5YylLD5NRKLltdqwSvS0BnU=",
    ),
    *(
        (
            base_url,
            "/myapp.php?foo=1&bar=2",
            [
                ("CallSid", "CA1234567890ABCDE"),
                ("Digits", "1234"),
                ("From", "+14158675309"),
                ("To", "+18005551212"),
                ("Caller", "+14158675309"),
            ],
            signature,
        )
        for base_url, signature in (
            ("https://mycompany.com", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
            ("https://mycompany.com:443", "kvajT1Ptam85bY51eRf/AJRuM3w="),
            ("http://mycompany.com:80", "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        )
    ),
    (
        "https://mycompany.com",
        "/myapp.php?foo=1&bar=2",
        [("Sid", "CA123"), ("SidAccount", "AC123")]
        + [("Digits", digits) for digits in ("5678", "1234", "1234")],
        "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
    ),
]


@pytest.mark.parametrize(("base_url", "target", "pairs", "signature"), DOCUMENTED)
def test_the_documented_signatures_are_taken(
    base_url: str, target: str, pairs: list[tuple[str, str]], signature: str
) -> None:
    """Vectors of Twilio's page on security and of its library's own tests; their token is 12345."""
    hook = signed(pairs, token="12345", target=target, base_url=base_url)
    hook = with_headers(hook, X_Twilio_Signature=signature)
    assert is_trusted(twilio(base_url=base_url, account=None, tokens=["12345"]), hook)


@pytest.mark.parametrize("port", ["", ":443"])
@pytest.mark.parametrize("configured", ["", ":443"])
def test_twilio_may_sign_the_url_with_or_without_its_default_port(
    port: str, configured: str
) -> None:
    """For HTTPS voice calls Twilio drops the port, elsewhere it keeps it."""
    hook = signed(CALL, base_url=BASE_URL + port)
    assert is_trusted(twilio(base_url=BASE_URL + configured), hook)


@pytest.mark.parametrize("port", ["", ":8443"])
def test_an_own_port_may_be_dropped_by_twilio(port: str) -> None:
    hook = signed(CALL, base_url=BASE_URL + port)
    assert is_trusted(twilio(base_url=BASE_URL + ":8443"), hook)


def test_a_port_that_was_not_configured_is_not_guessed() -> None:
    assert not is_trusted(twilio(), signed(CALL, base_url=BASE_URL + ":8443"))


def test_a_trailing_slash_of_the_base_url_does_not_count() -> None:
    assert is_trusted(twilio(base_url=BASE_URL + "/"), signed(CALL))


# Tokens and accounts --------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["current", "next"])
def test_every_listed_token_is_taken_while_tokens_are_rotated(token: str) -> None:
    provider = twilio(tokens=["current", "next"])
    assert verify(provider, signed(CALL, token=token)) == ACCOUNT


@pytest.mark.parametrize("blank", ["", " ", "\n"])
@pytest.mark.parametrize("account", [ACCOUNT, None])
@pytest.mark.parametrize("named", [ACCOUNT, SUB, ""])
def test_nothing_is_trusted_by_an_empty_key(blank: str, account: str | None, named: str) -> None:
    """Whatever the settings let through: anybody can sign with an empty key."""
    hook = signed({**CALL, "AccountSid": named}, token=blank)
    for tokens in ([blank], [blank, TOKEN]):
        subaccounts = {SUB: [blank], "": [blank], " ": [blank]}
        provider = twilio(account=account, tokens=tokens, subaccounts=subaccounts)
        assert not is_trusted(provider, hook)
    assert not Tokens(account, [blank], {SUB: [blank]}).plain(named)


def test_a_token_that_is_not_listed_is_refused() -> None:
    assert not is_trusted(twilio(tokens=["current", "next"]), signed(CALL, token="last"))


@pytest.mark.parametrize(
    ("account", "token", "trusted"),
    [
        (SUB, "sub-token", True),
        (SUB, "next-sub-token", True),
        (SUB, TOKEN, False),
        (ACCOUNT, "sub-token", False),
        (ACCOUNT, TOKEN, True),
    ],
)
@pytest.mark.parametrize("main", [ACCOUNT, None])
def test_a_subaccounts_hook_is_signed_with_its_own_token_only(
    account: str, token: str, trusted: bool, main: str | None
) -> None:
    provider = twilio(account=main, subaccounts={SUB: ["sub-token", "next-sub-token"]})
    hook = signed({**CALL, "AccountSid": account}, token=token)
    assert is_trusted(provider, hook) is trusted


def test_an_account_that_is_not_listed_is_refused_where_ours_is_set() -> None:
    stranger = signed({**CALL, "AccountSid": SUB})
    assert not is_trusted(twilio(), stranger)
    assert verify(twilio(account=None), stranger) == SUB


def test_a_subaccount_without_tokens_is_refused() -> None:
    provider = twilio(subaccounts={SUB: []})
    assert not is_trusted(provider, signed({**CALL, "AccountSid": SUB}))


def test_without_any_token_nothing_is_trusted() -> None:
    assert not is_trusted(twilio(tokens=[]), signed(CALL))


def test_a_hook_that_names_no_account_is_the_main_accounts() -> None:
    assert verify(twilio(), signed({"CallSid": "CA01", "AnsweredBy": "human"})) == ACCOUNT


# What is signed -------------------------------------------------------------------------------------

ODD_PARAMETERS: list[tuple[str, Pairs]] = [
    ("repeated", [*CALL.items(), ("Digits", "2"), ("Digits", "1"), ("Digits", "2")]),
    ("blank", {**CALL, "ToCity": "", "CallerName": ""}),
    ("unknown", {**CALL, "NobodyKnows": "yet", "X-Odd name&=": "a=b&c"}),
    ("non-ascii", {**CALL, "ToCity": "São Paulo", "CallerName": "東京 ☎"}),
    ("inner double space", {**CALL, "CallerName": "FAYETTEVILL  NC", "FromCity": " x "}),
    ("line break", {**CALL, "TranscriptionText": "one\r\ntwo\tthree"}),
]


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize(
    "pairs", [pairs for _, pairs in ODD_PARAMETERS], ids=[name for name, _ in ODD_PARAMETERS]
)
def test_odd_parameters_do_not_break_the_signature(pairs: Pairs, method: str) -> None:
    assert verify(twilio(), signed(pairs, method=method)) == ACCOUNT


def test_repeated_parameters_are_all_kept() -> None:
    hook = signed([*CALL.items(), ("Digits", "2"), ("Digits", "1"), ("Digits", "")])
    assert parameters(hook).getlist("Digits") == ["2", "1", ""]


@pytest.mark.parametrize(
    "query",
    ["?b=2&a=1", "?a=1&a=0", "?a=%2F%2f&b=+%20", "?a", "?a=", "?x=S%C3%A3o", "?a=1?b=2", "?&"],
)
def test_a_posts_query_is_signed_exactly_as_it_was_requested(query: str) -> None:
    """Order, encoding and blanks of the URL given to Twilio are its own; nothing is tidied up."""
    assert is_trusted(twilio(), signed(CALL, target=PATH + query))


@pytest.mark.parametrize(
    ("asked", "signed_for"),
    [("?b=2&a=1", "?a=1&b=2"), ("?a=%2f", "?a=%2F"), ("?a=%20", "?a=+"), ("", "?a=1"), ("/", "")],
)
def test_a_url_that_only_means_the_same_is_refused(asked: str, signed_for: str) -> None:
    hook = replace(signed(CALL, target=PATH + signed_for), target=PATH + asked)
    assert not is_trusted(twilio(), hook)


def test_a_lone_question_mark_is_no_query() -> None:
    """Frameworks add it; Twilio, asked without one, does not sign it."""
    hook = signed(CALL)
    assert is_trusted(twilio(), replace(hook, target=hook.target + "?"))


def test_the_fragment_with_twilios_retry_settings_is_not_signed() -> None:
    hook = signed(CALL)
    assert is_trusted(twilio(), replace(hook, target=hook.target + "#rc=5&rp=all"))


def test_a_gets_parameters_count_once() -> None:
    """They stand in the URL; Twilio does not append them again."""
    hook = signed(CALL, method="GET")
    twice = with_headers(hook, X_Twilio_Signature=sign(BASE_URL + hook.target, CALL))
    assert is_trusted(twilio(), hook)
    assert not is_trusted(twilio(), twice)


def test_what_proxies_add_does_not_count() -> None:
    forwarded = {
        "Host": "10.0.0.7:5000",
        "X_Forwarded_Host": "evil.example.com",
        "X_Forwarded_Proto": "http",
        "X_Forwarded_Port": "80",
        "X_Forwarded_For": "203.0.113.9",
        "Forwarded": "host=evil.example.com;proto=http",
    }
    assert is_trusted(twilio(), with_headers(signed(CALL), **forwarded))
    elsewhere = signed(CALL, base_url="http://evil.example.com")
    assert not is_trusted(twilio(), with_headers(elsewhere, **forwarded))


@pytest.mark.parametrize(
    "change",
    [
        {"body": signed(CALL).body + b"&From=%2B16175550199"},
        {"body": signed({**CALL, "CallStatus": "busy"}).body},
        {"target": "/webhooks/other"},
    ],
)
def test_what_was_tampered_with_is_refused(change: dict[str, Any]) -> None:
    assert not is_trusted(twilio(), replace(signed(CALL), **change))


@pytest.mark.parametrize(
    "signature", [None, "", " ", "é", "=", "A" * 28, sign(BASE_URL + PATH, CALL).lower()]
)
def test_a_missing_or_wrong_signature_is_refused(signature: str | None) -> None:
    assert not is_trusted(twilio(), with_headers(signed(CALL), X_Twilio_Signature=signature))


def test_header_names_are_compared_without_case() -> None:
    hook = signed(CALL)
    lowered = {name.lower(): value for name, value in hook.headers.items()}
    assert is_trusted(twilio(), replace(hook, headers=Headers(lowered)))


# What is no form ------------------------------------------------------------------------------------


def refusal(hook: HookRequest) -> HookError:
    with pytest.raises(HookError) as caught:
        verify(twilio(), hook)
    return caught.value


@pytest.mark.parametrize(
    "content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", "", "?"]
)
def test_a_body_that_is_no_form_is_unsupported(content_type: str) -> None:
    """JSON too, although Twilio signs it for other products: no voice hook is JSON."""
    hook = with_headers(signed(CALL), Content_Type=content_type)
    assert isinstance(refusal(hook), UnsupportedHook)


def test_a_signed_json_body_is_unsupported() -> None:
    """Vector of Twilio's library: the body's hash stands in the query."""
    digest = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
    headers = {
        "Content-Type": "application/json",
        "X-Twilio-Signature": "a9nBmqA0ju/hNViExpshrM61xv4=",
    }
    target = f"/myapp.php?bodySHA256={digest}"
    hook = HookRequest("POST", target, Headers(headers), b'{"property": "value"}', NOW)
    assert refusal(hook).status == 415


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"&&&",
        b"CallSid=%ff",
        b"CallSid=\xff\xfe",
        b"%C3%28=1",
        b"CallSid=%ED%A0%80",
        b"CallSid=CA%0001",
        b"a=1&" * (MAX_PARAMETERS + 1),
    ],
)
def test_a_body_that_is_not_urlencoded_utf8_is_malformed(body: bytes) -> None:
    assert isinstance(refusal(replace(signed(CALL), body=body)), MalformedHook)


@pytest.mark.parametrize("body", [b"CallSid=%", b"CallSid=%zz", b"%=%&=", b"CallSid", b"="])
def test_half_an_escape_is_only_an_odd_value(body: bytes) -> None:
    """Nobody signed these; the answer is about the signature, and never an error of ours."""
    assert isinstance(refusal(replace(signed(CALL), body=body)), UntrustedHook)


@pytest.mark.parametrize(
    "query", ["", "?", "?&", "?CallSid=%ff", "?CallSid=\xe3", "?CallSid=\udcff", "?a=%00"]
)
def test_a_get_without_readable_parameters_is_malformed(query: str) -> None:
    """Servers hand on bytes of the request line that no URL may hold."""
    hook = replace(signed(CALL, method="GET"), target=PATH + query)
    assert isinstance(refusal(hook), MalformedHook)


@pytest.mark.parametrize("target", [PATH + "?x=\xe3", PATH + "?x=\udcff", "//", PATH + "?a=[b"])
def test_a_post_to_an_odd_url_is_only_untrusted(target: str) -> None:
    assert isinstance(refusal(replace(signed(CALL), target=target)), UntrustedHook)


def test_twilios_validator_finds_every_value_by_its_first_question() -> None:
    """It asks for `getall`; where that is missing, each parameter costs it an exception."""
    read = parameters(signed([("CallSid", "CA01"), ("Odd", "2"), ("Odd", ""), ("Odd", "1")]))
    assert read.getall("Odd") == ["2", "", "1"]  # type: ignore[attr-defined]  # twilio takes any mapping; ours has getall


# What the log says of a refusal ---------------------------------------------------------------------


def facts_of(provider: TwilioHooks, hook: HookRequest) -> Mapping[str, str]:
    with pytest.raises(UntrustedHook) as caught:
        verify(provider, hook)
    return caught.value.facts


@pytest.mark.parametrize(
    "hook",
    [
        signed(CALL, token="wrong"),
        with_headers(signed(CALL), X_Twilio_Signature=None),
        signed(CALL, base_url="https://elsewhere.example.com"),
    ],
)
def test_a_refusal_names_the_url_that_was_checked_and_the_account(hook: HookRequest) -> None:
    assert facts_of(twilio(), hook) == {"url": BASE_URL + PATH, "account": ACCOUNT}


@pytest.mark.parametrize(
    ("sid", "named"),
    [
        (SUB, SUB),
        ("", "not named"),
        ("A" * 65, "not an id"),
        ("AC1\x1b[2J", "not an id"),
        ("+16175550134", "not an id"),
    ],
)
def test_a_refusal_names_an_account_only_if_it_is_an_id(sid: str, named: str) -> None:
    hook = signed({**CALL, "AccountSid": sid}, token="wrong")
    assert facts_of(twilio(), hook)["account"] == named


def test_what_a_query_says_is_not_told() -> None:
    """A GET's query holds the numbers of people; anybody may send one, with any names in it."""
    hook = signed({**CALL, "From": "+16175550134", "617555": "1"}, method="GET", token="wrong")
    names = "AccountSid=*&CallSid=*&CallStatus=*&From=*&*=*"
    assert facts_of(twilio(), hook)["url"] == f"{BASE_URL}{PATH}?{names}"
    endless = signed(CALL, target=f"{PATH}?{'x' * 60_000}", token="wrong")
    assert len(facts_of(twilio(), endless)["url"]) < 1000
