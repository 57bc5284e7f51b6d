"""What the steps of one run share: two connected systems, the ledger, staging, the configuration, the clock."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from activity_sync.activities.identity import Flow, RecordRef, own_key
from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.configuration import Configuration
from activity_sync.ledger.ledger import Ledger
from activity_sync.ledger.processes import Holder
from activity_sync.pipeline.progress import Course
from activity_sync.pipeline.scope import Scope
from activity_sync.rules.traffic import Traffic
from activity_sync.rules.values import Policy
from activity_sync.staging.staging import Staging
from activity_sync.systems.records import Account
from activity_sync.systems.system import System

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@dataclass
class Spent:
    """What the steps of one flow and type of a run have asked of each system, and how long they took together."""

    seconds: float = 0.0
    traffic: Mapping[str, Traffic] = field(default_factory=dict)


@dataclass
class Session:
    """Open connections and files. One per run and process; every step gets it.

    `key` is the secret of the fingerprints. `clock` gives aware UTC times. `accounts` fills as systems are identified.
    `holder`: in whose name leases are held, where that is not each run by itself. `preview`: nothing is
    written, and the ledger is a copy. `spool`: the folder where a file lies while it is carried. `listeners` hear how
    far a run has come, every few seconds. `advance` is told of written rows while a load is under way. `spent`: by run,
    flow and type.
    """

    systems: Mapping[str, System]
    ledger: Ledger
    staging: Staging
    configuration: Configuration
    key: bytes
    clock: Callable[[], datetime]
    accounts: dict[str, Account] = field(default_factory=dict)
    holder: Holder | None = None
    preview: bool = False
    spool: Path | None = None
    listeners: list[Callable[[Course], None]] = field(default_factory=list)
    advance: Callable[[int], None] = lambda _: None
    spent: defaultdict[tuple[str, str, ActivityType], Spent] = field(default_factory=lambda: defaultdict(Spent))

    def source(self, scope: Scope) -> System:
        """The system a flow reads from."""
        return self.systems[scope.flow.source]

    def target(self, scope: Scope) -> System:
        """The system a flow writes to."""
        return self.systems[scope.flow.target]

    def policy(self, scope: Scope) -> Policy:
        """The configured policy of a flow and type."""
        target = self.target(scope)
        configured = self.configuration.policy(
            scope.flow, scope.activity_type, shows_unassociated=target.shows_unassociated
        )
        return replace(configured, target_times_by_row=not target.times_by_field)

    async def identify(self) -> None:
        """Both systems are reached and are the ledger's own accounts.

        AuthenticationFailed, Unreachable; LedgerUnusable when the credentials are of another account (a safeguard).
        """
        if self.accounts:
            return
        found = {name: await system.identify() for name, system in self.systems.items()}
        self.ledger.confirm_accounts({name: account.id for name, account in found.items()})
        self.accounts.update(found)

    async def confirm_fields(self, flow: Flow, activity_type: ActivityType) -> None:
        """Both systems have the properties of a type that the configuration names. ConfigurationError."""
        for name in (flow.source, flow.target):
            await self.systems[name].confirm([activity_type])

    def key_of(self, scope: Scope, source_id: str, generation: int) -> str:
        """The key under which `source_id`'s counterpart is created."""
        return own_key(
            account=self.accounts[scope.flow.source].id,
            source=RecordRef(scope.flow.source, scope.activity_type.value, source_id),
            generation=generation,
        )

    def record_key(self, scope: Scope, kind: str, source_id: str) -> str:
        """The key under which a missing contact or company is made."""
        return own_key(
            account=self.accounts[scope.flow.source].id,
            source=RecordRef(scope.flow.source, kind, source_id),
            generation=0,
        )

    @asynccontextmanager
    async def counting(self, scope: Scope, step: Step) -> AsyncIterator[None]:
        """The API calls made inside are booked to the run's flow, type and step."""
        before, began = self.traffic(), time.monotonic()
        try:
            yield
        finally:
            made = {name: traffic - before[name] for name, traffic in self.traffic().items()}
            spent = self.spent[scope.run_id, scope.flow.name, scope.activity_type]
            spent.seconds += time.monotonic() - began
            spent.traffic = {name: traffic + spent.traffic.get(name, Traffic()) for name, traffic in made.items()}
            self.ledger.add_calls(
                scope.run_id,
                scope.flow.name,
                scope.activity_type,
                step.value,
                {name: sum(traffic.calls.values()) for name, traffic in made.items()},
            )

    @contextmanager
    def heard_by(self, listener: Callable[[Course], None]) -> Iterator[None]:
        """The listener hears how far a run has come, every few seconds, until the block ends."""
        self.listeners.append(listener)
        try:
            yield
        finally:
            self.listeners.remove(listener)

    def traffic(self) -> dict[str, Traffic]:
        """By system, what was asked of it so far."""
        return {name: system.traffic for name, system in self.systems.items()}
