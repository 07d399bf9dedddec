"""What is told of a call, in our words? The one value that a target turns into its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapter.domain.outcome import Outcome
from adapter.domain.parties import Direction


@dataclass(frozen=True)
class CallSummary:
    """A finished call.

    reference: the provider's call id; it stands in what is written, so that our trace can be found.
    from_number, to_number: E.164 where known, else what the provider said ("client:anna"), never "".
    talk_seconds: whole seconds, 0 or more; may be longer than a day. is_at_most: it may be less, as nobody told
    it. started_at: aware UTC.
    link: the adapter's own page of the call, or the provider's recording URL; always a valid URL.
    has_recording: the link leads to audio (now, or soon). transcript: of a voicemail, or "".
    line_name: our line as people call it.
    """

    reference: str
    direction: Direction
    outcome: Outcome
    assumed: bool
    because: str
    talk_seconds: int
    started_at: datetime
    from_number: str
    to_number: str
    link: str
    has_recording: bool = False
    transcript: str = ""
    line_name: str = ""
    is_at_most: bool = False
