"""How does the web server run? Read by gunicorn (`adapter web`), for a router with a 30 s limit.

threads, not processes alone: a request waits for the database, not for the processor. No more of them:
fewer hooks a second are acknowledged with 8, and fewer still with 16 (docs/decisions/0006).
keepalive: longer than a router keeps its idle connections, so that it is never the server who closes
one just as a hook is sent on it. graceful_timeout: within the 30 s that a host waits after SIGTERM.
"""

import os
from typing import Any

from gunicorn.glogging import Logger as GunicornLogger  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]
from prometheus_client import multiprocess

from adapter.observe import configure_logging
from adapter.settings import Settings

_settings = Settings.from_environ(os.environ)
configure_logging(_settings.log_format)
_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host
bind = f"{_host}:{_settings.port}"
worker_class = "adapter.web.gunicorn_conf.Worker"
workers = _settings.web_concurrency
threads = 6
timeout = 30
graceful_timeout = 25
keepalive = 95
backlog = 512
# A hook sent by GET has all its parameters in this line; CallToken and StirPassportToken alone are
# thousands of characters. gunicorn takes 8190 at most, and routers much the same.
limit_request_line = 8190
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
accesslog = None
logger_class = "adapter.web.gunicorn_conf.Logger"
loglevel = "warning"
proc_name = "adapter-web"
# A header SCRIPT_NAME or PATH_INFO changes nothing, not even from this machine: the path is what was asked for.
forwarder_headers = ""
control_socket_disable = True  # it would lie in the home directory, one for all adapters there
wsgi_app = "adapter.bootstrap:web_app()"


class Logger(GunicornLogger):  # type: ignore[misc]
    """What gunicorn has to say goes the way of our own lines: in one format, without full numbers."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class Worker(ThreadWorker):  # type: ignore[misc]
    """gthread that, told to stop, gives up its listening socket before it finishes its requests.

    gunicorn 27 keeps it open for that long: new hooks are let in, never answered and then cut off,
    where a refused connection would have sent them elsewhere, or back again, at once.
    """

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                listener.close()


def child_exit(server: Any, worker: Any) -> None:
    """Forget the gauges of a process that is gone."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
