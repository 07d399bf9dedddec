"""A real gunicorn with the adapter's own configuration."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from adapter.sandbox import twilio as simulate
from tests.support.environment import ACCOUNT, BASE_URL, PATH, TOKEN
from tests.support.waiting import free_port

ROOT = Path(__file__).parents[2]


class Server:
    """One gunicorn process with the adapter's own configuration."""

    def __init__(self, environ: dict[str, str], path: str, app: str | None) -> None:
        self.port = free_port()
        self.url, self.path = f"http://127.0.0.1:{self.port}", path
        command = [sys.executable, "-m", "gunicorn", "-c", "python:adapter.web.gunicorn_conf"]
        self.process = subprocess.Popen(
            [*command, *([app] if app else [])],
            cwd=ROOT,
            env={
                **{k: os.environ[k] for k in ("PATH", "HOME") if k in os.environ},
                **environ,
                "HOST": "127.0.0.1",
                "PORT": str(self.port),
                "WEB_CONCURRENCY": "1",
            },
            stderr=subprocess.PIPE,
            text=True,
        )
        self.log = ""

    def close(self) -> None:
        """Stop it as a host does. log is what it said."""
        if self.process.poll() is None:
            self.process.terminate()
        self.log += self.process.communicate(timeout=40)[1]

    def hook(self) -> tuple[int, float]:
        """The status of the answer to a hook, and the seconds that it took."""
        params = simulate.hook(
            "answered",
            call=simulate.new_sid(),
            account=ACCOUNT,
            caller="+16175550134",
            called="+16175550100",
            seconds=5,
        )
        begun = time.monotonic()
        answer = simulate.send(self.url + PATH, params, token=TOKEN, signed_url=BASE_URL + PATH)
        return answer.status_code, time.monotonic() - begun

    def listen(self) -> socket.socket:
        """A listener who asks for the recording and reads nothing."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.settimeout(30)
        listener.connect(("127.0.0.1", self.port))
        listener.sendall(f"GET {self.path}.wav HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        return listener
