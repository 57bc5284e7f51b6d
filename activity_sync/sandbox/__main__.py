"""`python -m activity_sync.sandbox`: serves both sandboxes until stopped."""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from activity_sync.sandbox.seed import demo_seed
from activity_sync.sandbox.serve import RunningSandboxes, read_seed, start_sandboxes

SERVED_SETTINGS: dict[str, Any] = {"search_lag_seconds": 2.0}
"""What differs from the defaults when people, not tests, are served: HubSpot's search index lags, as the real one."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Starts the servers, prints the environment to use them as `export` lines, and waits to be stopped."""
    parser = argparse.ArgumentParser(prog="python -m activity_sync.sandbox", description=__doc__)
    parser.add_argument("--hubspot-port", type=int, default=0, help="port of the HubSpot sandbox; 0 takes a free one")
    parser.add_argument("--dynamics-port", type=int, default=0, help="port of the Dynamics sandbox")
    parser.add_argument("--seed", type=Path, help="JSON file with the keys hubspot and dynamics")
    parser.add_argument("--demo", type=int, metavar="N", help="load the bundled data, N activities on each side")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="delay of every answer")
    parser.add_argument("--tls", action="store_true", help="serve Dynamics over TLS")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=JSON", help="any other setting; may be repeated"
    )
    given = parser.parse_args(arguments)
    settings = SERVED_SETTINGS | {"latency_ms": given.latency_ms} | _settings(given.set)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with start_sandboxes(
        hubspot_port=given.hubspot_port,
        dynamics_port=given.dynamics_port,
        settings=settings,
        seed=_seed(given.seed, given.demo),
        tls=given.tls,
    ) as running:
        sys.stdout.write(export_lines(running))
        sys.stdout.flush()
        stopped.wait()
    return 0


def export_lines(running: RunningSandboxes) -> str:
    """One `export NAME=value` a line."""
    return "".join(f"export {name}={value}\n" for name, value in running.environment.items())


def _seed(file: Path | None, demo: int | None) -> dict[str, Any] | None:
    """The seed file's content, else the bundled data, else nothing."""
    if file is not None:
        return read_seed(file)
    return demo_seed(datetime.now(UTC), per_side=demo) if demo is not None else None


def _settings(pairs: Sequence[str]) -> dict[str, Any]:
    """`NAME=JSON` pairs; a value that is no JSON is text."""
    found: dict[str, Any] = {}
    for pair in pairs:
        name, _, text = pair.partition("=")
        try:
            found[name] = json.loads(text)
        except ValueError:
            found[name] = text
    return found


if __name__ == "__main__":
    sys.exit(main())
