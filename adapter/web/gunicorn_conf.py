"""How does the web server run? Read by gunicorn (`adapter web`), for a router with a 30 s limit.

threads, not processes alone: a request waits for the database, not for the processor.
keepalive: longer than a router keeps its idle connections, so that it is never the server who closes
one just as a hook is sent on it. graceful_timeout: within the 30 s that a host waits after SIGTERM.
"""

import os
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]
from prometheus_client import multiprocess

from adapter.settings import Settings

_settings = Settings.from_environ(os.environ)
_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host
bind = f"{_host}:{_settings.port}"
worker_class = "adapter.web.gunicorn_conf.Worker"
workers = _settings.web_concurrency
threads = 16
timeout = 30
graceful_timeout = 25
keepalive = 95
backlog = 512
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
accesslog = None
errorlog = "-"
loglevel = "warning"
proc_name = "adapter-web"
control_socket_disable = True  # it would lie in the home directory, one for all adapters there
wsgi_app = "adapter.bootstrap:web_app()"


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
