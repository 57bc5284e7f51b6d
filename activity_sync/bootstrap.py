"""The only place that picks implementations: environment and configuration in, an open session out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from activity_sync.configuration import Configuration, load_configuration
from activity_sync.http.shared_limits import Priority
from activity_sync.ledger.ledger import Ledger
from activity_sync.pipeline.collecting import COLLECTING
from activity_sync.pipeline.session import Session
from activity_sync.settings import Settings, fingerprint_key, key_mark
from activity_sync.staging.staging import Staging
from activity_sync.systems.registry import SYSTEMS, connect


def read_settings() -> Settings:
    """The environment's settings."""
    return Settings.from_environ(os.environ)


def read_configuration(settings: Settings) -> Configuration:
    """The configuration file's content."""
    return load_configuration(settings.config_path)


def open_ledger(settings: Settings) -> Ledger:
    """The ledger of these settings."""
    return Ledger.open(settings.ledger_url)


def open_staging(settings: Settings) -> Staging:
    """The staging area of these settings."""
    return Staging(settings.staging)


@asynccontextmanager
async def open_session(
    settings: Settings | None = None, *, preview: bool = False, priority: Priority = "incremental"
) -> AsyncIterator[Session]:
    """Ledger, staging and both CRMs, open until the block ends. ConfigurationError where a setting is missing.

    `preview`: the ledger is a copy that goes with the session, so that nothing decided in it stays. `priority`: a
    backfill leaves some of the APIs' limits to others.
    """
    settings = settings or read_settings()
    configuration = read_configuration(settings)
    async with AsyncExitStack() as stack:
        stack.enter_context(COLLECTING.rarely())
        ledger = stack.enter_context(open_ledger(settings))
        if preview:
            aside = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="activity-sync-preview-")))
            ledger = stack.enter_context(ledger.copy(aside / "ledger.db"))
        key = fingerprint_key(settings)
        ledger.confirm_key(key_mark(key))
        systems = {
            name: await stack.enter_async_context(connect(name, settings, configuration, priority=priority))
            for name in SYSTEMS
        }
        staging = open_staging(settings)
        stack.callback(staging.close)
        yield Session(
            systems=systems,
            ledger=ledger,
            staging=staging,
            configuration=configuration,
            key=key,
            clock=lambda: datetime.now(tz=UTC),
            preview=preview,
            spool=settings.home,
        )
