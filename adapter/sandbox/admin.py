"""How did a write end? Write-status, retries and the write logs."""

from datetime import timedelta
from itertools import islice

from flask import Blueprint, Response, jsonify, request

from .answers import invalid_request, issue, unrecognized_keys
from .data import SandboxState
from .fields import words
from .jobs import Job
from .reads import bad, paging

_RANGES = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
}
_STATUSES = ("SUCCESS", "FAILURE")
_CATEGORIES = words(
    "amenities applicants applications contracts crm_listings deposit_summaries event_types "
    "events file_types file_upload invoices leads leases listings properties purchase_orders "
    "recurring_resident_charges resident_charges resident_payments resident_pets residents "
    "service_request_vendors service_requests transactions units"
)
_FILTERS = ("limit", "offset", "time_range", "integration_id", "status", "write_category")


def admin(state: SandboxState) -> Blueprint:
    """The blueprint with the endpoints about jobs."""
    blueprint = Blueprint("admin", __name__)

    @blueprint.get("/v1/admin/write-status/<job_id>")
    def write_status(job_id: str) -> Response:
        with state.lock:
            state.settle()
            return jsonify(state.jobs.get(job_id).write_status())

    @blueprint.post("/v1/admin/retry-write/<job_id>")
    def retry_write(job_id: str) -> Response:
        body = request.get_json(silent=True) if request.get_data() else {}
        if not isinstance(body, dict):
            raise bad("body", "must be a JSON object")
        if body:
            raise invalid_request([unrecognized_keys(list(body))])
        with state.lock:
            state.settle()
            job = state.jobs.retry(job_id, now=state.now())
        return jsonify({"success": True, "job_id": job.id})

    @blueprint.get("/v1/admin/logs/writes/")
    def write_logs() -> Response:
        unknown = [name for name in request.args if name not in _FILTERS]
        if unknown:
            raise invalid_request([unrecognized_keys(unknown)])
        offset, limit, _ = paging(request.args, largest=100)
        oldest = _oldest(state)
        wanted = {
            "status": _one_of("status", _STATUSES),
            "category": _one_of("write_category", _CATEGORIES),
            "integration": request.args.get("integration_id"),
        }
        with state.lock:
            state.settle()
            found = (
                job
                for job in reversed(state.jobs.finished)
                if job.accepted_at >= oldest and _fits(job, wanted)
            )
            logs = [job.log() for job in islice(found, offset, offset + limit)]
        return jsonify({"results": {"logs": logs}})

    return blueprint


def _fits(job: Job, wanted: dict[str, str | None]) -> bool:
    return (
        wanted["status"] in (None, job.status)
        and wanted["category"] in (None, job.write.category)
        and wanted["integration"] in (None, job.write.integration_id)
    )


def _one_of(name: str, allowed: tuple[str, ...]) -> str | None:
    value = request.args.get(name)
    if value is not None and value not in allowed:
        message = f"Invalid enum value. Expected {' | '.join(allowed)}"
        raise invalid_request([issue("invalid_enum_value", [name], message)])
    return value


def _oldest(state: SandboxState) -> float:
    name = _one_of("time_range", tuple(_RANGES))
    return state.now() - _RANGES[name].total_seconds() if name else float("-inf")
