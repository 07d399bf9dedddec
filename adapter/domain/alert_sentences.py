"""Which sentences do alerts, /readyz and doctor share? Each says what is wrong and what to do about it."""

from __future__ import annotations

from adapter.domain.alert_facts import SilentApi


def no_worker_words() -> str:
    return "no worker is alive: start `adapter worker`, or `adapter run` for both"


def parked_words(count: int) -> str:
    return (
        f"{count} hook(s) are signed and could not be read; the log says why (hook parked); "
        "after the fix: `adapter replay --state parked`"
    )


def silent_words(api: SilentApi) -> str:
    who = f"the API of {api.provider} {api.account}..."
    if api.is_refusal:
        return f"{who} refuses our key: check the token of this account; `adapter doctor` tries it"
    return f"{who} does not answer: calls are written as assumed"


def paused_words(name: str) -> str:
    """name: of a pause."""
    kind, _, rest = name.partition("/")
    integration = f"integration {rest.partition('/')[0]}"
    what = {
        "key": "our key",
        "writes": f"writes to {integration} to our key",
        "confirm": f"to tell our key what became of writes to {integration}",
        "list": f"a list of {integration} to our key",
    }.get(kind, f"{integration} to our key")
    return (
        f"the target refuses {what}: calls wait, and go on by themselves when it is taken again; "
        "`adapter doctor` says what it answers"
    )
