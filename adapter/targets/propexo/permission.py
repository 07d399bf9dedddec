"""May Propexo be asked with this key, and about this integration? What it refuses is left alone for a while.

401 and 403 are told apart by a question that every good key may ask, the list of integrations:
- it is refused too: the key is. Nothing is asked with it until that list is given again.
- it is given: what was asked for is not this key's. A refused look-up pauses its integration, a refused write
  all writes to it, a refused list (of people, of event types ...) this list. So of confirmations.
While it is paused it is tried once a minute, by one request of one worker.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from hashlib import sha256
from typing import Protocol

from adapter.errors import CredentialsRefused, Paused, PermanentError, RemoteError, TemporaryError
from adapter.observability.logs import logger
from adapter.storage.pauses import Pause

# Given to every key (Propexo's documentation, Integrations).
CHECK_PATH = "/v1/admin/integrations/"
_WRITES = ("post", "lead", "retry")
_LOOKUPS = ("lookup",)
_LISTS = ("sync", "directory")
_LOGS = "/v1/admin/logs/"

log = logger("adapter.propexo")


class Pauses(Protocol):
    """Where pauses are kept; adapter.storage.pauses.Pauses."""

    def all(self) -> Mapping[str, Pause]: ...

    def known(self) -> Mapping[str, Pause]: ...

    def begin(self, name: str, words: str) -> Pause: ...

    def is_due(self, pause: Pause) -> bool: ...

    def take_try(self, pause: Pause) -> bool: ...

    def end(self, name: str) -> None: ...


class Permission:
    """See above. check: asks for the list of integrations, whatever is paused. Errors of it: RemoteError."""

    def __init__(self, pauses: Pauses, *, api_key: str) -> None:
        self._pauses = pauses
        # Another key is another pause: with a new one calls go on at once.
        self.key = f"key/{sha256(api_key.encode()).hexdigest()[:8]}"
        self._lock = threading.Lock()

    def admit(
        self, step: str, path: str, integration_id: str | None, check: Callable[[], object]
    ) -> Sequence[str]:
        """What this request is to try, if anything is paused. Errors: Paused if it is not to be sent."""
        known = self._pauses.known()
        here = [known[name] for name in self._gates(step, path, integration_id) if name in known]
        mine = {self.key, *_may_try(step, path, integration_id)}
        for pause in here:
            if pause.name not in mine or not self._pauses.is_due(pause):
                raise _paused(pause)
        tried = []
        for pause in here:
            if not self._pauses.take_try(pause):
                raise _paused(pause)
            if pause.name == self.key:
                self._try_key(pause, check)
            else:
                tried.append(pause.name)
        return tried

    def try_key(self, check: Callable[[], object]) -> None:
        """If the key is paused and it is time, find out whether it is taken again.

        Errors: RemoteError other than its refusal.
        """
        pause = self._pauses.all().get(self.key)
        if pause is not None and self._pauses.take_try(pause):
            try:
                self._try_key(pause, check)
            except Paused:
                return

    def answered(self, tried: Collection[str]) -> None:
        """What this request tried was not refused: it goes on."""
        for name in tried:
            self._end(name)

    def refused(
        self,
        error: CredentialsRefused,
        *,
        step: str,
        path: str,
        integration_id: str | None,
        tried: Collection[str],
        check: Callable[[], object],
    ) -> RemoteError:
        """What this answer, a 401 or 403, is to the caller; what it shows to be refused is paused."""
        name = _scope(step, path, integration_id)
        with self._lock:  # of sixteen refusals at once the first is looked into
            known = self._pauses.all()
            for each in [self.key, *([name] if name is not None else [])]:
                if each in known:
                    if each in tried:
                        _say(known[each], again=True)
                    return _paused(known[each], error.status)
            try:
                is_key = path == CHECK_PATH or not _takes_key(check, error)
            except TemporaryError as unknown:
                return unknown
            if is_key:
                pause = self._pauses.begin(self.key, _words("PROPEXO_API_KEY", error))
            elif name is not None:
                pause = self._pauses.begin(name, _words(_title(name), error))
            else:
                return error
            _say(pause)
            return _paused(pause, error.status)

    def _gates(self, step: str, path: str, integration_id: str | None) -> Collection[str]:
        """The pauses that forbid this request, the widest first."""
        integration = [f"integration/{integration_id}"] if integration_id else []
        own = _scope(step, path, integration_id)
        return dict.fromkeys([self.key, *integration, *([own] if own else [])])

    def _try_key(self, pause: Pause, check: Callable[[], object]) -> None:
        try:
            check()
        except CredentialsRefused as error:
            _say(pause, again=True)
            raise _paused(pause, error.status) from error
        except PermanentError:
            pass  # an answer to somebody whose key was taken
        self._end(pause.name)

    def _end(self, name: str) -> None:
        self._pauses.end(name)
        log.warning("Propexo takes it again: what waited goes on", paused=name)


def _scope(step: str, path: str, integration_id: str | None) -> str | None:
    """What is paused where this request is refused, though the key is good; None: nothing but itself."""
    if not integration_id:
        return None
    if step in _WRITES:
        return f"writes/{integration_id}"
    if step in _LOOKUPS:
        return f"integration/{integration_id}"
    if step in _LISTS or (step == "confirm" and path.startswith(_LOGS)):
        return f"list/{integration_id}{path}"
    return f"confirm/{integration_id}" if step == "confirm" else None


def _may_try(step: str, path: str, integration_id: str | None) -> Collection[str | None]:
    """What this request can show to be taken again.

    Not the integration by a list: that it is given says nothing of what calls need.
    """
    own = _scope(step, path, integration_id)
    return [own, f"integration/{integration_id}"] if step in _WRITES else [own]


def _takes_key(check: Callable[[], object], error: CredentialsRefused) -> bool:
    """Whether the key itself is good. Errors: TemporaryError if that could not be found out."""
    try:
        check()
    except CredentialsRefused:
        return False
    except TemporaryError:
        if error.status == 401:  # it says of itself that it is the key
            return False
        raise
    except PermanentError:
        pass
    return True


def _title(name: str) -> str:
    kind, _, rest = name.partition("/")
    if kind == "list":
        integration_id, _, path = rest.partition("/")
        return f"the list /{path} of integration {integration_id} to this key"
    of = {"writes": "writes to ", "confirm": "to confirm writes to "}.get(kind, "")
    return f"{of}integration {rest} to this key"


def _words(what: str, error: CredentialsRefused) -> str:
    return (
        f"Propexo refuses {what} ({error}). Calls wait, and go on by themselves when it is taken again; "
        "it is tried each minute"
    )


def _say(pause: Pause, *, again: bool = False) -> None:
    what = "Propexo still refuses: calls wait" if again else "Propexo refuses: calls wait"
    log.error(what, paused=pause.name, reason=str(pause))


def _paused(pause: Pause, status: int | None = None) -> Paused:
    return Paused(str(pause), waits_for=pause.name, status=status)
