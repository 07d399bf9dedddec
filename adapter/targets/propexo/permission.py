"""Does Propexo take this key, and does the key have the right to this request? What is refused is paused.

After a 401 or 403 the list of integrations is asked for, which Propexo gives to every good key:
- If that is refused too, the key is bad. No request is sent until the list is given again.
- If it is given, the key lacks a right. A refused look-up pauses its integration, a refused write the writes to
  the integration, a refused list (people, event types ...) this list, a refused confirmation the confirmations.
While something is paused, one request of one worker tries it once a minute.
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
    """The pauses of all workers; see adapter.storage.pauses."""

    def all(self) -> Mapping[str, Pause]: ...

    def known(self) -> Mapping[str, Pause]: ...

    def begin(self, name: str, words: str) -> Pause: ...

    def is_due(self, pause: Pause) -> bool: ...

    def take_try(self, pause: Pause) -> bool: ...

    def end(self, name: str) -> None: ...


class Permission:
    """Decides what may be sent.

    check, a parameter of its methods: asks for the list of integrations, whatever is paused. It raises
    RemoteError.
    """

    def __init__(self, pauses: Pauses, *, api_key: str) -> None:
        self._pauses = pauses
        # Another key is another pause: with a new one calls go on at once.
        self.key = f"key/{sha256(api_key.encode()).hexdigest()[:8]}"
        self._lock = threading.Lock()

    def admit(
        self, step: str, path: str, integration_id: str | None, check: Callable[[], object]
    ) -> Sequence[str]:
        """Return the names of the pauses that this request tries. Raise Paused if it must not be sent."""
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
        """If the key is paused and its next try is due, try it.

        Raise RemoteError, unless the key is refused again.
        """
        pause = self._pauses.all().get(self.key)
        if pause is not None and self._pauses.take_try(pause):
            try:
                self._try_key(pause, check)
            except Paused:
                return

    def answered(self, tried: Collection[str]) -> None:
        """End the pauses that this request tried: it was not refused."""
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
        """Pause what a 401 or 403 shows to be refused. Return the error to raise in its place."""
        name = _scope(step, path, integration_id)
        with self._lock:  # of many refusals at once, the first asks for the list
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
        """Return the names of the pauses that would forbid this request, the widest first."""
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
            pass  # any other answer means that the key is good
        self._end(pause.name)

    def _end(self, name: str) -> None:
        self._pauses.end(name)
        log.warning("Propexo takes it again: what waited goes on", paused=name)


def _scope(step: str, path: str, integration_id: str | None) -> str | None:
    """Return what is paused if this request is refused and the key is good; None: nothing."""
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
    """Return the pauses that this request can end.

    A list cannot end the pause of its integration: calls need other rights.
    """
    own = _scope(step, path, integration_id)
    return [own, f"integration/{integration_id}"] if step in _WRITES else [own]


def _takes_key(check: Callable[[], object], error: CredentialsRefused) -> bool:
    """Return whether the key is good. Raise TemporaryError if that cannot be found out."""
    try:
        check()
    except CredentialsRefused:
        return False
    except TemporaryError:
        if error.status == 401:  # a 401 says by itself that it is the key
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
