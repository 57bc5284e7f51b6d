"""The one resource: the ledger, staging and both CRMs of a run, and the event loop its steps run in."""

import contextlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import dagster as dg
from anyio.from_thread import BlockingPortal, start_blocking_portal
from pydantic import PrivateAttr

from activity_sync.bootstrap import open_session
from activity_sync.defs.keys import MODE_TAG, PREVIEW_TAG
from activity_sync.http.shared_limits import Priority
from activity_sync.pipeline.scope import Mode
from activity_sync.pipeline.session import Session
from activity_sync.settings import Settings

T = TypeVar("T")


class Crm(dg.ConfigurableResource[Any]):
    """Both CRMs with the ledger and staging between them, opened when a step first asks, closed with the run.

    Settings come from the environment (docs/architecture.md), not from run configuration: a run's page shows no secret.
    """

    _portal: BlockingPortal | None = PrivateAttr(default=None)
    _open: "OpenCrm | None" = PrivateAttr(default=None)
    _preview: bool = PrivateAttr(default=False)
    _priority: Priority = PrivateAttr(default="incremental")
    _closing: contextlib.ExitStack = PrivateAttr(default_factory=contextlib.ExitStack)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Crm"]:
        """One event loop and one set of connections for all steps that run in this process."""
        tags = {} if context.run is None else context.run.tags
        self._preview = PREVIEW_TAG in tags
        self._priority = "incremental" if tags.get(MODE_TAG) == Mode.INCREMENTAL.value else "backfill"
        with contextlib.ExitStack() as closing:
            self._portal = closing.enter_context(start_blocking_portal())
            self._closing = closing
            try:
                yield self
            finally:
                self._open = None

    def run(self, step: Callable[..., Awaitable[T]], *args: Any) -> T:
        """The result of a pipeline step, with the open session as its first argument."""
        if self._portal is None:
            raise dg.DagsterInvariantViolationError("the crm resource is used outside a run")
        if self._open is None:
            session = self._closing.enter_context(
                self._portal.wrap_async_context_manager(open_session(preview=self._preview, priority=self._priority))
            )
            self._open = OpenCrm(self._portal, session)
        return self._open.run(step, *args)


@dataclass(frozen=True, slots=True)
class OpenCrm:
    """In the place of `Crm` where the session is open before the run begins: one set of connections for both."""

    portal: BlockingPortal
    session: Session

    def run(self, step: Callable[..., Awaitable[T]], *args: Any) -> T:
        """The result of a pipeline step, with the open session as its first argument."""
        return self.portal.call(step, self.session, *args)


@contextmanager
def open_crm(settings: Settings, *, preview: bool = False, priority: Priority = "incremental") -> Iterator[OpenCrm]:
    """Both CRMs, the ledger and staging, open until the block ends. ConfigurationError where a setting is missing.

    `preview`: the ledger is a copy that goes with the block. `priority`: see `open_session`.
    """
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(open_session(settings, preview=preview, priority=priority)) as session,
    ):
        yield OpenCrm(portal, session)
