"""When does a call's delivery run, and who runs it? The only importer of the queue library (dbos).

A call's row says when its next run is due; the worker puts due runs on the queue, marked as queued in
the same transaction. The first run of a call is the workflow whose id is the call's key; each later one
(again after a failure, a confirmation) has the run's number behind it, and an id runs once. What was begun by
a worker that died is begun again by another: a run decides from the record, so that does no harm.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, EnqueueOptions
from dbos._migration import ensure_dbos_schema, run_dbos_migrations, should_migrate

from adapter.delivery.throttle import DispatchThrottle
from adapter.errors import StoreUnavailable
from adapter.observability.observe import logger
from adapter.storage.store import Store
from adapter.storage.workers import DEAD_AFTER
from adapter.worker.periodic import Upkeep

APPLICATION = "call-adapter"
VERSION = "1"  # constant, so that work outlives a deploy; runs carry only a key and a number
SCHEMA = "dbos"  # the library's own, on PostgreSQL
QUEUE = "deliveries"
WORKFLOW = "deliver"
POLL_SECONDS = 0.1
BATCH = 100
IN_HAND = 4  # runs with the workers for each that one of them can do at once
FORGET_AFTER = timedelta(days=1)
LOST_AFTER = timedelta(minutes=10)
BEAT_SECONDS = 5.0

log = logger("adapter.queue")


def workflow_id(call_key: str, run: int) -> str:
    return call_key if run == 1 else f"{call_key}#{run}"


class Worker:
    """Takes due runs from the queue and calls `deliver(call_key, run)` for each, in threads.

    deliver must be safe to call again with the same arguments and raises only StoreUnavailable.
    upkeep runs beside the deliveries; executor_id is this process's own name.
    concurrency: how many deliveries are under way at once. lines: the digest of the lines it works with.
    """

    def __init__(
        self,
        *,
        store: Store,
        deliver: Callable[[str, int], None],
        throttle: DispatchThrottle,
        upkeep: Upkeep,
        executor_id: str,
        concurrency: int,
        lines: str | None = None,
    ) -> None:
        self._store = store
        self._lines = lines
        self._throttle = throttle
        self._upkeep = upkeep
        self._executor_id = executor_id
        self._concurrency = concurrency
        # So many it takes from the queue, half as many again: the next begins when one ends.
        self._taken = concurrency + max(concurrency // 2, 1)
        self._at_work = threading.Semaphore(concurrency)
        self._stopping = threading.Event()
        self._gone = threading.Event()
        self._threads = [
            threading.Thread(target=self._beat, name="heartbeat", daemon=True),
            threading.Thread(target=self._dispatch, name="dispatcher", daemon=True),
        ]
        _silence()
        self._client = DBOSClient(
            system_database_engine=store.engine,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=False,
        )
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": _dbos_url(store.engine),
            "system_database_engine": store.engine,
            "serializer": DBOSPortableJSONSerializer(),
            "application_version": VERSION,
            "executor_id": executor_id,
            "run_migrations": False,
            # Nothing here is notified; and a pooler forgets who listens.
            "use_listen_notify": False,
            # As many again may wait for what another worker makes of a run that it took over.
            "max_executor_threads": 2 * self._taken + 8,
            "log_level": "WARNING",
        }
        DBOS(config=config)

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
        def deliver_run(call_key: str, run: int) -> None:
            while True:
                try:
                    with self._at_work:
                        if self._stopping.is_set():
                            return store.runs.put_back(call_key, run)
                        return deliver(call_key, run)
                except StoreUnavailable:
                    # Nothing can be noted anywhere until the database is back.
                    log.warning("database unavailable", call=call_key)
                    if self._gone.wait(1.0):
                        # The process ends. To return would say that the run is done, where another
                        # worker is to take it over.
                        threading.Event().wait()

    def start(self) -> None:
        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=self._taken,
            polling_interval_sec=POLL_SECONDS,
            on_conflict="always_update",
        )
        for thread in self._threads:
            thread.start()
        self._upkeep.start()

    def stop(self, grace_seconds: int) -> None:
        """Begin nothing new, let what runs finish within the grace; others do the rest."""
        self._stopping.set()
        self._at_work.release(self._taken)  # who waited to begin is let in, to put it back
        self._upkeep.stop(timeout_seconds=2.0)
        DBOS.destroy(workflow_completion_timeout_sec=grace_seconds)
        self._gone.set()
        for thread in self._threads:
            thread.join(timeout=BEAT_SECONDS)
        try:
            self._store.workers.drop(self._executor_id)
        except StoreUnavailable:
            log.warning("database unavailable while stopping")
        self._store.engine.dispose()  # SQLite puts all into its one file when the last connection closes

    def _dispatch(self) -> None:
        """Put due runs on the queue, again and again; at once while there are more than a batch."""
        while not self._stopping.is_set():
            moved = 0
            try:
                if not self._throttle.paused_seconds():
                    moved = self.dispatch()
            except StoreUnavailable:
                log.warning("database unavailable, nothing dispatched")
            except Exception:
                log.exception("dispatching failed")
            if moved < BATCH:
                self._stopping.wait(POLL_SECONDS)

    def dispatch(self) -> int:
        """Put what is due now on the queue, as much as the workers can have in hand; how many runs."""
        with self._store.begin() as connection:
            room = self._concurrency * IN_HAND - self._store.runs.count_in_hand(connection)
            if room <= 0:
                return 0
            due = self._store.runs.take_due(connection, datetime.now(UTC), min(room, BATCH))
            for call_key, run in due:
                options: EnqueueOptions = {
                    "workflow_name": WORKFLOW,
                    "queue_name": QUEUE,
                    "workflow_id": workflow_id(call_key, run),
                }
                self._client.enqueue_in_transaction(connection, options, call_key, run)
        return len(due)

    def _beat(self) -> None:
        """Say that this worker is alive, also while it drains; and look after those that are not."""
        steady_since = last = time.monotonic()
        while not self._gone.is_set():
            try:
                now = datetime.now(UTC)
                self._store.workers.beat(self._executor_id, now, self._lines)
                before, last = last, time.monotonic()
                if last - before > DEAD_AFTER.total_seconds() / 2:
                    steady_since = (
                        last  # it was us who were silent, or the database: judge nobody yet
                    )
                if last - steady_since >= DEAD_AFTER.total_seconds():
                    self._take_over(now)
                lost = self._store.runs.requeue_lost(now - LOST_AFTER, now)
                if lost:
                    log.warning("runs that never ended are planned again", count=lost)
            except StoreUnavailable:
                log.warning("database unavailable, no heartbeat")
            except Exception:
                if not self._stopping.is_set():
                    log.exception("the worker's tick failed")
            self._gone.wait(BEAT_SECONDS)

    def _take_over(self, now: datetime) -> None:
        """Begin again what workers began that are dead: silent for long, or gone without a trace."""
        seen = self._store.workers.seen_at()
        alive = {name for name, seen_at in seen.items() if now - seen_at < DEAD_AFTER}
        running = DBOS.list_workflows(
            status="PENDING", name=WORKFLOW, load_input=False, load_output=False, limit=500
        )
        since = (time.time() - DEAD_AFTER.total_seconds()) * 1000
        orphans = {
            w.executor_id
            for w in running
            if w.executor_id and w.executor_id not in alive and (w.updated_at or 0) < since
        } - {self._executor_id}
        for executor_id, seen_at in seen.items():
            if now - seen_at > FORGET_AFTER:
                self._store.workers.drop(executor_id)
        for executor_id in orphans:
            log.warning("taking over the work of a dead worker", worker=executor_id)
            DBOS._recover_pending_workflows([executor_id])  # the library's way for dead executors
            self._store.workers.drop(executor_id)


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
    client = DBOSClient(
        system_database_engine=engine,
        serializer=DBOSPortableJSONSerializer(),
        application_name=APPLICATION,
        lazy=True,
        retry_connection_errors=False,
    )
    finished = client.list_workflows(
        name=WORKFLOW,
        status=["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
        end_time=before.isoformat(),
        load_input=False,
        load_output=False,
        limit=500,
    )
    if finished:
        client.delete_workflows([workflow.workflow_id for workflow in finished])
    return len(finished)


def _dbos_url(engine: sa.Engine) -> str:
    url = engine.url.render_as_string(hide_password=False)
    return url.replace("postgresql+psycopg://", "postgresql://")


def _silence() -> None:
    """Its log goes through ours. A handler of our own keeps the library from adding its console one."""
    found = logging.getLogger("dbos")
    if not found.handlers:
        found.addHandler(logging.NullHandler())
    found.propagate = True
    found.setLevel(logging.WARNING)
