"""How are runs kept until a worker has done them? The only importer of the queue library (dbos).

The runs that a worker hands out together are one workflow of the library. It is noted in the transaction that
hands them out, as begun by this worker, and is begun again by another if this one dies: then it goes by the
library's queue. A workflow of one run has the id of that run: the call's key, and behind it the number of each
later run (again after a failure, a confirmation). One of several has the id of its first run, and how many
more there are. An id runs once. docs/decisions/0015-round-trips.md
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, EnqueueOptions
from dbos._core import execute_dequeued_workflow
from dbos._dbos import _get_dbos_instance
from dbos._migration import ensure_dbos_schema, run_dbos_migrations, should_migrate
from dbos._queue import queue_worker_thread
from dbos._schemas.system_database import SystemSchema
from dbos._sys_db import WorkflowStatusInternal

from adapter.storage.session import Session

APPLICATION = "call-adapter"
VERSION = "1"  # constant, so that work outlives a deploy; runs carry only a key and a number
SCHEMA = "dbos"  # the library's own, on PostgreSQL
QUEUE = "deliveries"
WORKFLOW = "deliver"  # of one run; workers of version 0.1.0 know no other
BATCH = "deliver_batch"
_WORKFLOWS = [WORKFLOW, BATCH]
# What nobody woke us for is found after so long: what was left by another worker.
UNWOKEN_SECONDS = 2.0
# How often this worker looks, at its end, whether all that runs has ended.
DRAIN_SECONDS = 0.05


def workflow_id(call_key: str, run: int) -> str:
    return call_key if run == 1 else f"{call_key}#{run}"


@dataclass(frozen=True)
class HandedOut:
    """A workflow that was noted as begun by this worker. token: by which the library knows whose it is."""

    status: WorkflowStatusInternal
    token: str


class DbosQueue:
    """The runs that were handed out and are not done yet, for all workers; this one does some of them.

    do: does these runs, in a thread, and returns when all have ended; it must be safe to call again with the
    same arguments, and raises nothing.
    executor_id: this process's own name. taken: how many workflows this worker does at once.
    """

    def __init__(
        self,
        session: Session,
        *,
        do: Callable[[Sequence[tuple[str, int]]], None],
        executor_id: str,
        taken: int,
    ) -> None:
        self._session = session
        self._executor_id = executor_id
        self._taken = taken
        engine = session.engine
        self._wakeable = _Wakeable()
        self._thread: threading.Thread | None = None
        _silence()
        self._client = _client(engine)
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": _dbos_url(engine),
            "system_database_engine": engine,
            "serializer": DBOSPortableJSONSerializer(),
            "application_version": VERSION,
            "executor_id": executor_id,
            "run_migrations": False,
            # Nothing here is notified; and a pooler forgets who listens.
            "use_listen_notify": False,
            # As many again may wait for what another worker makes of a run that it took over.
            "max_executor_threads": 2 * taken + 8,
            "log_level": "WARNING",
        }
        DBOS(config=config)

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
        def deliver_run(call_key: str, run: int) -> None:
            do([(call_key, run)])

        @DBOS.workflow(name=BATCH, max_recovery_attempts=None)
        def deliver_batch(runs: list[list[Any]]) -> None:
            do([(str(call_key), int(run)) for call_key, run in runs])

    def start(self) -> None:
        DBOS.listen_queues([])  # the library's own thread for a queue cannot be woken; ours can
        DBOS.launch()
        library = _get_dbos_instance()
        # It looks each second for workflows with a delay or a deadline, of which we have none.
        library._background_jobs_stop_event.set()
        queue = DBOS.register_queue(
            QUEUE,
            worker_concurrency=self._taken,
            polling_interval_sec=UNWOKEN_SECONDS,
            on_conflict="always_update",
        )
        # Nobody changes it while we run, so it need not be read each time.
        queue.database_backed_queue = False
        self._thread = threading.Thread(
            target=queue_worker_thread,
            args=(self._wakeable, library, queue),
            name="queue",
            daemon=True,
        )
        self._thread.start()

    def stop(self, grace_seconds: int) -> None:
        """Take nothing new, and let what runs finish within the grace."""
        self._wakeable.set()
        until = time.monotonic() + grace_seconds
        if self._thread:
            self._thread.join(timeout=grace_seconds)
            self._drain(until)
        DBOS.destroy(workflow_completion_timeout_sec=0)

    def _drain(self, until: float) -> None:
        """Wait until all that runs has ended, but no longer than until then, by the monotonic clock.

        The library itself would look once a second. It does not count a run that is just beginning. So it has
        to be idle at two looks.
        """
        library, idle_looks = _get_dbos_instance(), 0
        while idle_looks < 2 and time.monotonic() < until:
            time.sleep(DRAIN_SECONDS)
            is_idle = library._executor._work_queue.empty()
            is_idle = is_idle and not library._active_workflows_set.activeList()
            idle_looks = idle_looks + 1 if is_idle else 0

    def hand_out(
        self, connection: sa.Connection, runs: Sequence[tuple[str, int]]
    ) -> HandedOut | None:
        """Note these runs as begun by this worker, in the caller's transaction; `begin` then begins them."""
        if not runs:
            return None
        (call_key, run), more = runs[0], len(runs) - 1
        first = workflow_id(call_key, run)
        options: EnqueueOptions = {
            "workflow_name": BATCH if more else WORKFLOW,
            "queue_name": QUEUE,  # where a worker that takes over finds it
            "workflow_id": f"{first}+{more}" if more else first,
        }
        arguments = [[list(each) for each in runs]] if more else [call_key, run]
        _, status = self._client._build_enqueue_status(options, *arguments)
        status["status"] = "PENDING"
        status["executor_id"] = self._executor_id
        status["app_version"] = VERSION
        token = str(uuid.uuid4())
        with self._session.keeping(connection):
            self._client._sys_db.init_workflow_with_connection(
                status, connection, creator_xid=token
            )
        return HandedOut(status, token)

    def was_handed_out(self, handed_out: HandedOut) -> bool:
        """True if the transaction that noted these runs was committed. Errors: StoreUnavailable."""
        row = SystemSchema.workflow_status
        query = sa.select(row.c.executor_id).where(
            row.c.workflow_uuid == handed_out.status["workflow_uuid"], row.c.status == "PENDING"
        )
        with self._session.autocommit() as connection:
            self._client._sys_db._apply_caller_schema(connection)
            return connection.execute(query).scalar_one_or_none() == self._executor_id

    def begin(self, handed_out: HandedOut) -> None:
        """Begin what was handed out; its transaction was committed."""
        execute_dequeued_workflow(_get_dbos_instance(), handed_out.status, handed_out.token)

    def wake(self) -> None:
        """Let this worker look at the queue now."""
        self._wakeable.wake()

    def holders(self, silent_since: datetime) -> Collection[str]:
        """The workers that began runs before then which have not ended."""
        running = DBOS.list_workflows(
            status="PENDING", name=_WORKFLOWS, load_input=False, load_output=False, limit=500
        )
        since = silent_since.timestamp() * 1000
        return {w.executor_id for w in running if w.executor_id and (w.updated_at or 0) < since}

    def begin_again(self, executor_id: str) -> None:
        """Put the runs that this worker began and did not end on the queue again."""
        DBOS._recover_pending_workflows([executor_id])  # the library's way for dead executors


class _Wakeable(threading.Event):
    """The library's thread waits for this between two looks at the queue: until it is to stop, or is woken."""

    def __init__(self) -> None:
        super().__init__()
        self._woken = threading.Event()

    def wake(self) -> None:
        self._woken.set()

    def set(self) -> None:
        super().set()
        self._woken.set()

    def wait(self, timeout: float | None = None) -> bool:
        if not self.is_set():
            self._woken.wait(timeout)
            self._woken.clear()
        return self.is_set()


def migrate(engine: sa.Engine) -> None:
    """Bring the queue's own tables to the schema that this version of the library needs; run it alone.

    On PostgreSQL not by DBOS.migrate: it takes a lock of the session, which stays behind in a pooler's, and has
    connections of its own, on which it prepares statements.
    """
    _silence()
    if engine.dialect.name == "sqlite":
        return DBOS.migrate(_dbos_url(engine))
    if should_migrate(engine, SCHEMA, use_listen_notify=True):
        ensure_dbos_schema(engine, SCHEMA)
        run_dbos_migrations(engine, SCHEMA, use_listen_notify=True)


def prune_workflows(engine: sa.Engine, before: datetime) -> int:
    """Delete a batch of the oldest finished runs from before then; how many that were."""
    client = _client(engine)
    finished = client.list_workflows(
        name=_WORKFLOWS,
        status=["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
        end_time=before.isoformat(),
        load_input=False,
        load_output=False,
        limit=500,
    )
    if finished:
        client.delete_workflows([workflow.workflow_id for workflow in finished])
    return len(finished)


def _client(engine: sa.Engine) -> DBOSClient:
    return DBOSClient(
        system_database_engine=engine,
        serializer=DBOSPortableJSONSerializer(),
        application_name=APPLICATION,
        lazy=True,
        retry_connection_errors=False,
    )


def _dbos_url(engine: sa.Engine) -> str:
    url = engine.url.render_as_string(hide_password=False)
    return url.replace("postgresql+psycopg://", "postgresql://")


def _silence() -> None:
    """Its log goes through ours. A handler of our own keeps the library from adding its console one."""
    library = logging.getLogger("dbos")
    if not library.handlers:
        library.addHandler(logging.NullHandler())
    library.propagate = True
    library.setLevel(logging.WARNING)
