"""Which leads were asked for, one per unknown number and integration?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapter.domain.call_event import WriteRequest
from adapter.errors import StoreUnavailable
from adapter.storage.schema import new_leads
from adapter.storage.session import Session


@dataclass(frozen=True)
class LeadRequest:
    """A lead of a number (E.164): who asked for it, how, and what came of it; failed: why nothing did."""

    integration_id: str
    number: str
    call_key: str
    asked_at: datetime
    request: WriteRequest
    job_id: str | None
    lead_id: str | None
    failed: str | None


class LeadRequests:
    """The rows of leads that were asked for, on the calls' database."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, integration_id: str, number: str) -> LeadRequest | None:
        query = sa.select(new_leads).where(
            new_leads.c.integration_id == integration_id, new_leads.c.number == number
        )
        with self._session.begin() as connection:
            return _of(connection.execute(query).one_or_none())

    def locked(self, connection: sa.Connection, lead: LeadRequest) -> LeadRequest | None:
        """This number's row as it is now, locked until the transaction ends."""
        query = sa.select(new_leads).where(*_row_of(lead)).with_for_update()
        return _of(connection.execute(query).one_or_none())

    def claim(
        self,
        integration_id: str,
        number: str,
        call_key: str,
        request: WriteRequest,
        now: datetime,
    ) -> LeadRequest:
        """The row of this number: made for this call, or the one that another call made first.

        A row whose asking failed is begun anew.
        """
        values = {"call_key": call_key, "asked_at": now, "request": json.dumps(request.as_json())}
        fresh = {**values, "job_id": None, "lead_id": None, "failed": None}
        statement = self._session.insert(new_leads).values(
            integration_id=integration_id, number=number, **fresh
        )
        with self._session.begin() as connection:
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[new_leads.c.integration_id, new_leads.c.number],
                    set_=fresh,
                    where=new_leads.c.failed.isnot(None),
                )
            )
        found = self.get(integration_id, number)
        if found is None:
            raise StoreUnavailable("the row of a new lead was removed meanwhile; try again")
        return found

    def update(self, connection: sa.Connection, lead: LeadRequest, **values: Any) -> None:
        if "request" in values:
            values["request"] = json.dumps(values["request"].as_json())
        connection.execute(sa.update(new_leads).where(*_row_of(lead)).values(**values))


def _row_of(lead: LeadRequest) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return (
        new_leads.c.integration_id == lead.integration_id,
        new_leads.c.number == lead.number,
    )


def _of(row: Any) -> LeadRequest | None:
    if not row:
        return None
    request = WriteRequest.of_json(json.loads(row.request))
    return LeadRequest(**{**row._mapping, "request": request})
