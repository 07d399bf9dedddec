"""Somebody at a terminal: a command on a pty, what it says, and what is typed."""

from __future__ import annotations

import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from fcntl import ioctl
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.waiting import wait_for

# Its own session with this terminal, so that Ctrl-C reaches it as it would a person's command.
_AT_TERMINAL = """
import fcntl, runpy, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
sys.argv = ["adapter", *sys.argv[1:]]
runpy.run_module("adapter", run_name="__main__")
"""
CTRL_C, CTRL_D = "\x03", "\x04"


class Terminal:
    """Runs an adapter command. Use it as a context manager. seconds: how long an answer is waited for."""

    def __init__(
        self,
        *command: str,
        environ: Mapping[str, str],
        folder: Path,
        columns: int = 80,
        seconds: float = 60,
    ) -> None:
        self._seconds = seconds
        self._ours, theirs = pty.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self._process = subprocess.Popen(
            [sys.executable, "-c", _AT_TERMINAL, *command],
            env={**environ, "LANG": "C.UTF-8", "TERM": "dumb"},
            cwd=folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._said = b""
        self._seen = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._ours)

    @property
    def text(self) -> str:
        """All that stood on the screen so far, with single blanks between words."""
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self._said.decode(errors="replace"))
        return " ".join(plain.split())

    def answer(self, question: str, typed: str, *, is_hidden: bool = False) -> None:
        """Wait until it asks this, after what was answered before; then type this and Enter."""
        self.press(question, f"{typed}\n", is_hidden=is_hidden)

    def press(self, question: str, key: str, *, is_hidden: bool = False) -> None:
        """Wait until it asks this, then press this key. is_hidden: what is typed is not shown.

        A terminal that stops showing it forgets what was typed before that.
        """
        self.wait_for(question)
        if is_hidden:
            wait_for("what is typed is hidden", lambda: not self._echoes(), seconds=self._seconds)
        os.write(self._ours, key.encode())

    def _echoes(self) -> bool:
        return bool(termios.tcgetattr(self._ours)[3] & termios.ECHO)

    def wait_for(self, words: str) -> None:
        """Wait until it says this, after what was waited for before."""
        until = time.monotonic() + self._seconds
        while (at := self.text.find(words, self._seen)) < 0:
            is_open = self._read(until - time.monotonic())
            if not is_open and self.text.find(words, self._seen) < 0:
                raise AssertionError(f"{words!r} was not said:\n{self._said.decode()}")
        self._seen = at + len(words)

    def end(self, *, again: str = "") -> int:
        """Wait for its end. Return the exit code.

        again: a key that is pressed again where nothing happens for a while. Python may miss a Ctrl-C that
        comes the moment before it begins to wait for input, and people press it again.
        """
        until = time.monotonic() + self._seconds
        while True:
            if again and not select.select([self._ours], [], [], 5)[0]:
                os.write(self._ours, again.encode())
            if not self._read(until - time.monotonic()):
                return self._process.wait(self._seconds)

    def _read(self, seconds: float) -> bool:
        """Read what is there, within this time. Return False at the end."""
        ready, _, _ = select.select([self._ours], [], [], max(seconds, 0))
        if not ready:
            raise AssertionError(f"it says no more:\n{self._said.decode(errors='replace')}")
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # Linux: the other side is closed
            return False
        self._said += data
        return bool(data)
