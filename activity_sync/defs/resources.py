"""The one resource: opens the ledger, staging and both CRMs for a run, and runs the pipeline's steps."""

import contextlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import dagster as dg
from anyio.from_thread import BlockingPortal, start_blocking_portal
from pydantic import PrivateAttr

from activity_sync.bootstrap import open_session
from activity_sync.pipeline.session import Session

T = TypeVar("T")


class Crm(dg.ConfigurableResource[Any]):
    """Both CRMs with the ledger and staging between them, opened when a step first asks, closed with the run.

    Settings come from the environment (docs/architecture.md), not from run configuration: a run's page shows no secret.
    """

    _portal: BlockingPortal | None = PrivateAttr(default=None)
    _session: Session | None = PrivateAttr(default=None)
    _closing: contextlib.ExitStack = PrivateAttr(default_factory=contextlib.ExitStack)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Crm"]:  # noqa: ARG002 - Dagster's
        """One event loop and one set of connections for all steps that run in this process."""
        with contextlib.ExitStack() as closing:
            self._portal = closing.enter_context(start_blocking_portal())
            self._closing = closing
            try:
                yield self
            finally:
                self._session = None

    def run(self, step: Callable[..., Awaitable[T]], *args: Any) -> T:
        """The result of a pipeline step, with the open session as its first argument."""
        if self._portal is None:
            raise dg.DagsterInvariantViolationError("the crm resource is used outside a run")
        if self._session is None:
            self._session = self._closing.enter_context(self._portal.wrap_async_context_manager(open_session()))
        return self._portal.call(step, self._session, *args)
