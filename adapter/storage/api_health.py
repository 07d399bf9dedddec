"""Does a provider's API answer? All workers share what any of them last saw."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from adapter.domain.questions import UNREACHABLE_AFTER
from adapter.observability.logs import logger
from adapter.storage.schema import provider_health
from adapter.storage.session import Session

# What one process notes again and again, it notes this often.
NOTE_EVERY_SECONDS = 60.0

log = logger("adapter.provider")


@dataclass(frozen=True)
class ApiState:
    """One account's API. failing_since: of the first failure after the last answer, None if it answers.

    error: the last failure in words. worked_at: about when it last answered. is_refusal: the last failure was
    that it refused our key. had_call_at: about when it last had a call that it was asked for.
    """

    provider: str
    account: str
    failing_since: datetime | None
    error: str | None
    worked_at: datetime | None
    is_refusal: bool | None = None
    had_call_at: datetime | None = None

    def is_unreachable(self, now: datetime) -> bool:
        """No request has succeeded for UNREACHABLE_AFTER, though there were some."""
        return self.failing_since is not None and now - self.failing_since >= UNREACHABLE_AFTER


class ApiHealth:
    """Notes whether the providers' APIs answer. An account is one of the provider's."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._noted: dict[tuple[str, str, bool], float] = {}
        self._having_calls: set[tuple[str, str]] = set()

    def worked(self, provider: str, account: str, now: datetime, *, had_call: bool = False) -> None:
        """The API answered. had_call: it told of the call that it was asked for."""
        is_first = had_call and (provider, account) not in self._having_calls
        if not self._is_news(provider, account, works=True) and not is_first:
            return
        values = {"failing_since": None, "error": None, "worked_at": now, "is_refusal": None}
        if had_call:
            values["had_call_at"] = now
        statement = self._session.insert(provider_health).values(
            provider=provider, account=account, **values
        )
        with self._session.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=values))
        if had_call:
            self._having_calls.add((provider, account))

    def failed(
        self,
        provider: str,
        account: str,
        error: str,
        now: datetime,
        *,
        is_refusal: bool = False,
    ) -> None:
        """The API did not answer, or refused us."""
        if not self._is_news(provider, account, works=False):
            return
        log.warning("the provider's API does not answer", provider=provider, reason=error)
        statement = self._session.insert(provider_health).values(
            provider=provider,
            account=account,
            failing_since=now,
            error=error,
            is_refusal=is_refusal,
        )
        first = sa.func.coalesce(provider_health.c.failing_since, statement.excluded.failing_since)
        with self._session.begin() as connection:
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=_KEY,
                    set_={"failing_since": first, "error": error, "is_refusal": is_refusal},
                )
            )

    def is_unreachable(self, provider: str, account: str, now: datetime) -> bool:
        """True if calls are no longer to wait for this account's API."""
        state = self._state(provider, account)
        return state is not None and state.is_unreachable(now)

    def has_calls(self, provider: str, account: str) -> bool:
        """True if this account's API has ever had a call that it was asked for.

        Then a call that it does not have yet is on its way there. Else it may be an API that has none of ours:
        the calls are simulated, or belong to another account.
        """
        if (provider, account) in self._having_calls:
            return True
        state = self._state(provider, account)
        if state is None or state.had_call_at is None:
            return False
        self._having_calls.add((provider, account))
        return True

    def states(self) -> Sequence[ApiState]:
        """What is known of every account's API."""
        with self._session.autocommit() as connection:
            rows = connection.execute(sa.select(provider_health).order_by(*_KEY))
            return [ApiState(**row._mapping) for row in rows]

    def _state(self, provider: str, account: str) -> ApiState | None:
        of_account = (
            each for each in self.states() if (each.provider, each.account) == (provider, account)
        )
        return next(of_account, None)

    def _is_news(self, provider: str, account: str, *, works: bool) -> bool:
        """It was otherwise when this process last noted it, or that is a while ago."""
        now = time.monotonic()
        noted = self._noted.get((provider, account, works))
        self._noted.pop((provider, account, not works), None)
        if noted is not None and now - noted < NOTE_EVERY_SECONDS:
            return False
        self._noted[provider, account, works] = now
        return True


_KEY = [provider_health.c.provider, provider_health.c.account]
