"""How are the parts of a delivery joined? `build_delivery` makes them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from adapter.delivery.bulk_confirm import BulkConfirmation
from adapter.delivery.confirm import Confirmation
from adapter.delivery.correct import Correction
from adapter.delivery.deliver import Steps
from adapter.delivery.enrich import Enrichment, Fold
from adapter.delivery.event_write import EventComposer
from adapter.delivery.find_person import PersonFinder
from adapter.delivery.lead_creation import LeadCreation
from adapter.delivery.relays import Relays
from adapter.delivery.run import Delivery
from adapter.delivery.throttle import DispatchThrottle
from adapter.delivery.unrecorded_writes import UnrecordedWrites
from adapter.delivery.write_once import WriteOnce
from adapter.domain.assessment import CallRules
from adapter.domain.call_links import Links
from adapter.providers.base import Provider
from adapter.storage.api_health import ApiHealth
from adapter.storage.circuit_breaker import Breakers
from adapter.storage.lead_requests import LeadRequests
from adapter.storage.store import Store
from adapter.targets.base import TargetApi


@dataclass(frozen=True, kw_only=True)
class DeliveryDeps:
    """What a delivery works with.

    fold: merges facts into the call that they belong to, and returns its key.
    monotonic: seconds by a clock that does not jump.
    visible_seconds: so long after the target accepted an event it may not be seen on the record.
    """

    store: Store
    rules: CallRules
    target: TargetApi
    providers: Mapping[str, Provider]
    links: Links
    fold: Fold
    bulk: BulkConfirmation
    breakers: Breakers
    leads: LeadRequests
    throttle: DispatchThrottle
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    visible_seconds: float


def build_delivery(deps: DeliveryDeps) -> Delivery:
    """Return the delivery of calls. It opens nothing."""
    store, rules, target, clock = deps.store, deps.rules, deps.target, deps.clock
    write_once = WriteOnce(
        store=store,
        target=target,
        breakers=deps.breakers,
        clock=clock,
        visible_seconds=deps.visible_seconds,
        monotonic=deps.monotonic,
    )
    unrecorded = UnrecordedWrites(store=store, target=target, rules=rules, clock=clock)
    composer = EventComposer(target=target, rules=rules, links=deps.links, providers=deps.providers)
    correction = Correction(rules=rules, target=target, composer=composer, clock=clock)
    enrichment = Enrichment(
        store=store,
        rules=rules,
        providers=deps.providers,
        fold=deps.fold,
        health=ApiHealth(store),
        relays=Relays(store, rules),
        clock=clock,
    )
    lead_creation = LeadCreation(
        store=store,
        leads=deps.leads,
        target=target,
        write_once=write_once,
        unrecorded=unrecorded,
        clock=clock,
    )
    confirmation = Confirmation(
        store=store,
        target=target,
        write_once=write_once,
        correction=correction,
        bulk=deps.bulk,
        clock=clock,
    )
    steps = Steps(
        store=store,
        rules=rules,
        enrichment=enrichment,
        person_finder=PersonFinder(target=target, lead_creation=lead_creation, clock=clock),
        composer=composer,
        write_once=write_once,
        unrecorded=unrecorded,
        confirmation=confirmation,
        correction=correction,
    )
    return Delivery(store=store, advance=steps.advance, clock=clock, throttle=deps.throttle)
