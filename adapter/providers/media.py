"""What is a recording's audio to whoever plays it, and what must a provider offer to open it?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from adapter.domain.record import Recording
from adapter.net.byte_ranges import Span


class AudioFormat(StrEnum):
    """The value is the suffix of a file of this kind."""

    MP3 = ".mp3"
    WAV = ".wav"

    @property
    def media_type(self) -> str:
        return {AudioFormat.MP3: "audio/mpeg", AudioFormat.WAV: "audio/wav"}[self]


@dataclass(frozen=True)
class Audio:
    """Audio that is ready to be read, once. The one who opened it must close it.

    status: 200, 206 (then with `span`), or 416. total: the whole length, None where it is not told.
    length: of `chunks`, None where it is not told.
    """

    status: int
    media_type: str
    chunks: Iterator[bytes]
    close: Callable[[], None]
    span: Span | None = None
    total: int | None = None

    @property
    def length(self) -> int | None:
        if self.status == 416:
            return 0
        return self.span.length if self.span else self.total


class Media(Protocol):
    """The audio of recordings at the provider."""

    def browser_url(self, url: str) -> str:
        """Return the address at which a browser plays the recording that hooks name by this URL."""

    def open(
        self,
        account: str,
        recording: Recording,
        *,
        suffix: AudioFormat,
        range_header: str | None = None,
        head: bool = False,
    ) -> Audio | None:
        """Return the audio, or None if the provider has it no longer, or not yet.

        head: only what there is to be said of it; chunks are empty. range_header: as the listener sent it.
        Errors: TemporaryError, CredentialsRefused, PermanentError. Reading chunks: TemporaryError.
        """
