"""Where is the recording of a call heard?"""

from __future__ import annotations

from urllib.parse import urlsplit

from adapter.domain.call import Call
from adapter.domain.call_links import Links
from adapter.domain.record import RecordingState


def recording_path(call: Call, links: Links) -> str | None:
    """Return the address of the recording on this host; None if there is none to hear."""
    states = {recording.state for recording in call.record.recordings.values()}
    if RecordingState.COMPLETE not in states:
        return None
    return urlsplit(links.of(call.call_id, call.link_version, key=call.key)).path
