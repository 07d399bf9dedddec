"""What does Propexo say back? The bodies of lists, of accepted writes and of refusals.

Shapes are those of the OpenAPI document; statuses other than 200 and 400 are not documented there
and are chosen by the usual meaning of HTTP.
"""

from typing import Any

JSON = dict[str, Any]
Issue = dict[str, Any]


class RefusedError(Exception):
    """A request that is answered with an error body instead of a result."""

    def __init__(
        self, status: int, code: str, message: str, *, details: JSON | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details

    def body(self) -> JSON:
        """The `{"error": {...}}` body; `details` only where there are any."""
        error: JSON = {"code": self.code, "message": self.message}
        if self.details is not None:
            error["details"] = self.details
        return {"error": error}


def issue(code: str, path: list[str | int], message: str, **more: Any) -> Issue:
    """One entry of Zod's list of issues."""
    return {"code": code, "path": path, "message": message, **more}


def unrecognized_keys(keys: list[str]) -> Issue:
    """The issue that Propexo reports for fields it does not know."""
    names = ", ".join(f"'{key}'" for key in keys)
    message = f"Unrecognized key(s) in object: {names}"
    return issue("unrecognized_keys", [], message, keys=keys)


def invalid_request(issues: list[Issue]) -> RefusedError:
    """A 400 that carries `issues` the way the OpenAPI example nests them."""
    details = {"details": {"issues": issues, "name": "ZodError"}}
    return RefusedError(400, "invalid_request", "invalid request", details=details)


def not_found(what: str, key: str) -> RefusedError:
    """A 404 for a record that does not exist (or is not read back yet)."""
    return RefusedError(404, "not_found", f"{what} {key!r} not found")


def not_supported(what: str) -> RefusedError:
    """A 405: the "Not Supported" pages say that such an endpoint always answers so."""
    return RefusedError(405, "method_not_allowed", f"{what} is not supported")


def page(results: Any, *, offset: int, limit: int, order_by: tuple[str, str], total: int) -> JSON:
    """The `{"meta", "results"}` body of a list, or of one record fetched by its id."""
    count = len(results) if isinstance(results, list) else 1
    meta = {
        "offset": offset,
        "limit": limit,
        "orderBy": [{order_by[0]: order_by[1]}],
        "hasMore": offset + count < total,
        "total": total,
    }
    return {"meta": meta, "results": results}
