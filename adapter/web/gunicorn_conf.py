"""How does the web server run? Read by gunicorn (`adapter web`), for a router with a 30 s limit.

threads, not processes alone: a request waits for the database, not for the processor. No more of them:
fewer hooks a second are acknowledged with 8, and fewer still with 16 (docs/decisions/0006).
worker: it reads requests whole before a thread takes them, so that a slow client costs no thread.
keepalive: longer than a router keeps its idle connections, so that it is never the server who closes
one just as a hook is sent on it. graceful_timeout: within the 30 s that a host waits after SIGTERM.
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


def _as_files_allow(connections: int) -> int:
    """So many connections at once in each process, or fewer where it may not open so many files."""
    more = 200
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < connections + more:  # macOS begins with 256
        wanted = connections + more
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        connections = min(connections, soft - more // 2)
    return connections


_settings = Settings.from_environ(os.environ)
configure_logging(_settings.log_format)
keep_for_children(read_lines(_settings.adapter_lines, _settings.line_defaults))
_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host
bind = f"{_host}:{_settings.port}"
worker_class = "adapter.web.gunicorn_worker.Worker"
workers = _settings.web_concurrency
threads = 6
timeout = 30
graceful_timeout = 25
keepalive = 95
backlog = 512
worker_connections = _as_files_allow(1000)
# A hook sent by GET has all its parameters in this line; CallToken and StirPassportToken alone are
# thousands of characters. gunicorn takes 8190 at most, and routers much the same.
limit_request_line = 8190
# Each process writes its heartbeat to an unlinked file there, in memory and not on a slow disk.
# https://docs.gunicorn.org/en/stable/faq.html#blocking-os-fchmod
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # nosec B108 - only whether it is there
accesslog = None
logger_class = "adapter.web.gunicorn_conf.Logger"
loglevel = "warning"
proc_name = "adapter-web"
# A header SCRIPT_NAME or PATH_INFO changes nothing, not even from this machine: the path is what was asked for.
forwarder_headers = ""
control_socket_disable = True  # it would lie in the home directory, one for all adapters there
wsgi_app = "adapter.bootstrap:web_app()"


class Logger(GunicornLogger):  # type: ignore[misc]  # gunicorn has no types
    """What gunicorn has to say goes the way of our own lines: in one format, without full numbers."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


_is_hangup_ignored = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN  # by `nohup`


def when_ready(server: Any) -> None:
    """End with who started us, and with the terminal. gunicorn takes SIGHUP for a wish to begin anew."""
    end_with_parent()
    signal.signal(
        signal.SIGHUP,
        signal.SIG_IGN if _is_hangup_ignored else lambda *_: os.kill(os.getpid(), signal.SIGTERM),
    )


def child_exit(server: Any, worker: Any) -> None:
    """Forget the gauges of a process that is gone."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # prometheus_client has no types for it
