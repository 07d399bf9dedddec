"""How does the web server run? gunicorn reads this module (`adapter web`). It suits routers with a 30 s limit.

threads: a request waits for the database, not for the processor, so a process has several. With 8 or 16,
fewer hooks a second are acknowledged than with 6 (docs/decisions/0006-database-connections.md).
worker_class: the worker reads a request whole before a thread takes it, so a slow client costs no thread.
keepalive: longer than routers keep idle connections. So the server never closes one while a hook is on its way.
graceful_timeout: less than the 30 s that hosts wait after SIGTERM.
"""

import os
import resource
import signal
from typing import Any

from gunicorn.glogging import Logger as GunicornLogger  # type: ignore[import-untyped]  # gunicorn has no types
from prometheus_client import multiprocess

from adapter.config.lines_file import read_lines
from adapter.config.lines_watch import keep_for_children
from adapter.config.settings import Settings
from adapter.observability.logs import configure_logging
from adapter.processes.lifetime import end_with_parent
from adapter.web.threads import THREADS


def _as_files_allow(connections: int) -> int:
    """Return so many connections, or fewer if this process may not open so many files."""
    other_files = 200
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < connections + other_files:  # macOS begins with 256
        needed = connections + other_files
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        connections = min(connections, soft - other_files // 2)
    return connections


_settings = Settings.from_environ(os.environ)
configure_logging(_settings.log_format)
keep_for_children(read_lines(_settings.adapter_lines, _settings.line_defaults))
_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host
bind = f"{_host}:{_settings.port}"
worker_class = "adapter.web.gunicorn_worker.Worker"
workers = _settings.web_concurrency
threads = THREADS
timeout = 30
graceful_timeout = 25
keepalive = 95
backlog = 512
worker_connections = _as_files_allow(1000)
# A hook that comes by GET has all its parameters in this line. CallToken and StirPassportToken alone have
# thousands of characters. gunicorn allows 8190 at most, and routers much the same.
limit_request_line = 8190
# Each process touches a file there as its heartbeat. In memory, a slow disk cannot delay it.
# https://docs.gunicorn.org/en/stable/faq.html#blocking-os-fchmod
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # nosec B108 - only whether it is there
accesslog = None
logger_class = "adapter.web.gunicorn_conf.Logger"
loglevel = "warning"
proc_name = "adapter-web"
# No header SCRIPT_NAME or PATH_INFO changes the path, not even from this machine.
forwarder_headers = ""
control_socket_disable = True  # it would be one file in the home directory for all adapters
wsgi_app = "adapter.bootstrap:web_app()"


class Logger(GunicornLogger):  # type: ignore[misc]  # gunicorn has no types
    """Sends gunicorn's lines through our logging: the same format, and no full phone numbers."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


_is_hangup_ignored = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN  # by `nohup`


def when_ready(server: Any) -> None:
    """End with the process that started this one, and on SIGHUP, at which gunicorn itself would reload."""
    end_with_parent()
    signal.signal(
        signal.SIGHUP,
        signal.SIG_IGN if _is_hangup_ignored else lambda *_: os.kill(os.getpid(), signal.SIGTERM),
    )


def child_exit(server: Any, worker: Any) -> None:
    """Remove the gauges of a process that has ended."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # prometheus_client has no types for it
