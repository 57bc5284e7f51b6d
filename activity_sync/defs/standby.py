"""The session that sensors ask with: opened once in the process that evaluates them, and kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from threading import Lock
from typing import Any, TypeVar

from activity_sync.bootstrap import read_settings
from activity_sync.defs.resources import OpenCrm, open_crm
from activity_sync.pipeline.session import Session

T = TypeVar("T")


class Standby:
    """Both CRMs and the ledger, open from the first question on.

    A look every few seconds must not cost a sign-in and a ledger opened each time. After an error everything is closed,
    and opened anew for the next question: what was wrong may have been mended.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._open = ExitStack()
        self._crm: OpenCrm | None = None

    def ask(self, question: Callable[..., Awaitable[T]], *args: Any) -> T:
        """The answer of a question that takes the session first. Raises what it raises; one question at a time."""
        with self._lock:
            try:
                return self._opened().run(question, *args)
            except BaseException:
                self._close()
                raise

    def close(self) -> None:
        """Nothing is held open."""
        with self._lock:
            self._close()

    def _opened(self) -> OpenCrm:
        if self._crm is None:
            crm = self._open.enter_context(open_crm(read_settings()))
            crm.run(Session.identify)
            self._crm = crm
        return self._crm

    def _close(self) -> None:
        self._crm = None
        self._open.close()
