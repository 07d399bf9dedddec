"""How do a demo and a test steer the stand-in, and see what it got? Everything under /_sandbox/.

No bearer, no rate limit; answers this machine only.
"""

import ipaddress
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from .answers import JSON, RefusedError
from .data import TIME_FILTERS, SandboxState
from .faults import Fault, FaultList
from .records import COLLECTIONS
from .traffic import Traffic

PREFIX = "/_sandbox/"


def control(
    state: SandboxState, faults: FaultList, traffic: Traffic, clear: Callable[[], None]
) -> Blueprint:
    """The control endpoints; `clear` forgets what the app itself has counted."""
    blueprint = Blueprint("control", __name__, url_prefix="/_sandbox")

    @blueprint.before_request
    def only_this_machine() -> None:
        if not _is_loopback(request.remote_addr or ""):
            abort(403)

    @blueprint.get("/health")
    def health() -> Response:
        return jsonify({"status": "ok"})

    @blueprint.get("/faults")
    def list_faults() -> Response:
        return jsonify({"faults": faults.as_json()})

    @blueprint.post("/faults")
    def set_faults() -> Response:
        given = request.get_json()
        given = given.get("faults") if isinstance(given, dict) else given
        try:
            if not isinstance(given, list):
                raise ValueError("faults is a list")
            faults.replace([Fault.from_json(each) for each in given])
        except (ValueError, TypeError) as error:
            raise _wrong(error) from error
        return jsonify({"faults": faults.as_json()})

    @blueprint.delete("/faults")
    def clear_faults() -> Response:
        faults.replace([])
        return jsonify({"faults": []})

    @blueprint.post("/time-filters")
    def set_time_filters() -> Response:
        mode = request.get_json().get("mode")
        if mode not in TIME_FILTERS:
            raise _wrong(ValueError(f"mode is one of {', '.join(TIME_FILTERS)}"))
        state.time_filters = mode
        return jsonify({"mode": mode})

    @blueprint.get("/events")
    def events() -> Response:
        created = [each for each in accepted() if each["category"] == "events"]
        return jsonify({"events": [each for each in created if each["method"] == "POST"]})

    @blueprint.get("/writes")
    def all_writes() -> Response:
        return jsonify({"writes": accepted()})

    def accepted() -> list[JSON]:
        with state.lock:
            state.settle()
            return state.jobs.accepted()

    @blueprint.get("/refused")
    def refused() -> Response:
        return jsonify({"refused": traffic.refused()})

    @blueprint.get("/requests")
    def requests() -> Response:
        return jsonify(traffic.summary())

    @blueprint.post("/people")
    def add_people() -> Response:
        added = _added(request.get_json(), lambda person: state.add_person(**person))
        return jsonify({"results": added})

    @blueprint.post("/integrations")
    def add_integration() -> Response:
        def add(given: JSON) -> Any:
            if given.pop("seed", False):
                return asdict(state.seed(given["vendor"]))
            return state.add_integration(**given)

        return jsonify({"results": _added(request.get_json(), add)})

    @blueprint.post("/records")
    def add_records() -> Response:
        def add(given: JSON) -> JSON:
            collection = given.pop("collection")
            if collection not in COLLECTIONS:
                raise ValueError(f"collection is one of {', '.join(COLLECTIONS)}")
            return state.add(collection, given)

        return jsonify({"results": _added(request.get_json(), add)})

    @blueprint.post("/reset")
    def reset() -> Response:
        state.reset()
        faults.replace([])
        clear()
        return jsonify({"status": "ok"})

    return blueprint


def _added(given: Any, add: Callable[[JSON], Any]) -> list[Any]:
    """What `add` made of an object or of each in a list of them."""
    try:
        return [add(dict(each)) for each in (given if isinstance(given, list) else [given])]
    except (KeyError, TypeError, ValueError) as error:
        raise _wrong(error) from error


def _wrong(error: Exception) -> RefusedError:
    return RefusedError(400, "invalid_control", f"{type(error).__name__}: {error}")


def _is_loopback(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback
