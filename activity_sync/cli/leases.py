"""The leases of what a command carries: taken before its first run, kept alive, free again after its last."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from rich.console import Console

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.errors import RetriableError
from activity_sync.ledger.ledger import Ledger
from activity_sync.ledger.processes import Holder

_BEAT_SECONDS = 15.0
_LOOK_SECONDS = 0.5


@contextmanager
def holding_leases(
    ledger: Ledger,
    flow: Flow,
    types: Sequence[ActivityType],
    *,
    holder: Holder,
    wait: bool,
    console: Console,
) -> Iterator[None]:
    """The flow and types are the holder's until the block ends; a thread keeps the leases alive meanwhile.

    RetriableError where somebody else has one of them and we are not to wait.
    """
    stop = threading.Event()
    with ExitStack() as stack:
        leases = []
        for kind in types:  # always in one order, so that two commands never wait for each other
            said = False
            while (lease := ledger.acquire_lease(flow.name, kind, holder=holder, now=datetime.now(tz=UTC))) is None:
                if not wait:
                    raise RetriableError(
                        f"another run is carrying {flow.name}/{kind.value}; wait for it, or leave out --no-wait",
                        setting="--no-wait",
                    )
                if not said:
                    console.print(f"waiting for the run that is carrying {flow.name}/{kind.value}")
                    said = True
                stop.wait(_LOOK_SECONDS)
            stack.callback(lease.release)
            leases.append(lease)

        def beat() -> None:
            while not stop.wait(_BEAT_SECONDS):
                for lease in leases:
                    lease.heartbeat(datetime.now(tz=UTC))

        heart = threading.Thread(target=beat, daemon=True, name="lease-heartbeat")
        heart.start()
        stack.callback(heart.join)
        stack.callback(stop.set)
        yield
