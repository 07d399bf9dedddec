"""How are several files changed so that none is half written, and no change of somebody else is lost?"""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from adapter.errors import SettingsError

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, kw_only=True)
class FileChange:
    """A file and what is to stand in it. A link to a file stays, and the file behind it is changed.

    before: what stood there when it was read; None: there was no such file. mode: None for that of the old
    file, or the usual one. keeps_old: what stood there stays beside it, as <name>.old, or <name>.old.2 where
    that is taken.
    """

    path: Path
    before: bytes | None
    after: bytes
    mode: int | None = None
    keeps_old: bool = False

    @property
    def is_change(self) -> bool:
        """Return whether another text is to stand there."""
        return self.before != self.after


def read_file(path: Path) -> bytes | None:
    """Return what stands in the file; None if there is none. Raise SettingsError."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error


def write_files(changes: Sequence[FileChange]) -> Sequence[Path]:
    """Write all of them or, if one cannot be written, none. Return the copies of old ones that were kept.

    Ctrl-C waits for the end. Raise SettingsError if a file cannot be written, or is not as it was read.
    """
    prepared: list[tuple[FileChange, Path]] = []
    try:
        for change in changes:
            prepared.append((change, _prepared(change)))
        with _unstopped():
            for change in changes:
                if read_file(change.path) != change.before:
                    raise SettingsError(
                        f"{change.path} was changed meanwhile, so nothing was written: run the same again"
                    )
            kept = [_kept(change) for change in changes if change.keeps_old and change.before]
            for change, path in prepared:
                path.replace(change.path.resolve())
    except OSError as error:
        raise SettingsError(
            f"{error.filename} cannot be written: {error.strerror}; nothing was changed"
        ) from error
    finally:
        for _, path in prepared:
            with suppress(FileNotFoundError):
                path.unlink()
    return kept


def _prepared(change: FileChange) -> Path:
    """Return a new file beside the one that it is to replace."""
    target = change.path.resolve()
    path = target.with_name(f".{target.name}.{secrets.token_hex(4)}.new")
    mode = change.mode
    if mode is None and change.before is not None:
        mode = target.stat().st_mode & 0o777
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else 0o600)
    with os.fdopen(opened, "wb") as file:
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        file.write(change.after)
        file.flush()
        os.fsync(file.fileno())
    return path


def _kept(change: FileChange) -> Path:
    """Copy what stands there to a name that is free."""
    assert change.before is not None  # nosec B101 - tells the type checker what its caller ensures
    mode = change.path.stat().st_mode & 0o777
    for number in count(1):
        ending = ".old" if number == 1 else f".old.{number}"
        path = change.path.with_name(change.path.name + ending)
        with suppress(FileExistsError):
            opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(opened, "wb") as file:
                file.write(change.before)
            return path
    raise AssertionError("count() never ends")


@contextmanager
def _unstopped() -> Iterator[None]:
    """Let what would stop the process wait until the end of the block."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
