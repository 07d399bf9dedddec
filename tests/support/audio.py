"""Real audio: a WAV made here, and the same as an MP3, made once with lame and kept as a file.

python -m tests.support.audio | lame --silent -b 32 -m m -h - tests/payloads/audio/call.mp3
"""

from __future__ import annotations

import io
import math
import struct
import sys
import wave
from functools import cache
from pathlib import Path

RATE = 8000
SECONDS = 4
MP3 = Path(__file__).parents[1] / "payloads/audio/call.mp3"


@cache
def wav(seconds: int = SECONDS) -> bytes:
    """A telephone's ringing: 440 Hz and 480 Hz, a second on, a second off."""
    frames = bytearray()
    for at in range(RATE * seconds):
        moment = at / RATE
        tone = math.sin(2 * math.pi * 440 * moment) + math.sin(2 * math.pi * 480 * moment)
        frames += struct.pack("<h", int(tone * 4000) if int(moment) % 2 == 0 else 0)
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(bytes(frames))
    return written.getvalue()


def mp3() -> bytes:
    return MP3.read_bytes()


if __name__ == "__main__":
    sys.stdout.buffer.write(wav())
