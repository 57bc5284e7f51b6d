"""`activity-sync sandbox`: serves the two sandbox CRMs until stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from activity_sync.errors import ConfigurationError


@click.command()
@click.option("--hubspot-port", default=0, show_default="any free port", help="Port of the HubSpot sandbox.")
@click.option("--dynamics-port", default=0, show_default="any free port", help="Port of the Dynamics sandbox.")
@click.option(
    "--seed", type=click.Path(path_type=Path), help="JSON file to fill them with; the demo's data if left out."
)
@click.option("--empty", is_flag=True, help="Start without any data.")
@click.option("--latency-ms", default=0.0, help="Delay of every answer.")
@click.option("--tls", is_flag=True, help="Serve Dynamics over TLS, with a throw-away authority.")
@click.option("--set", "settings", multiple=True, metavar="NAME=JSON", help="Any other setting; may be repeated.")
def sandbox(
    hubspot_port: int,
    dynamics_port: int,
    seed: Path | None,
    latency_ms: float,
    settings: tuple[str, ...],
    *,
    empty: bool,
    tls: bool,
) -> int:
    """Serve the two sandbox CRMs until stopped, and print the environment to use them."""
    from activity_sync.sandbox import __main__ as served  # noqa: PLC0415

    with _seed_file(seed, empty=empty) as path:
        arguments = [
            f"--hubspot-port={hubspot_port}",
            f"--dynamics-port={dynamics_port}",
            f"--latency-ms={latency_ms}",
            *(["--tls"] if tls else []),
            *([f"--seed={path}"] if path else []),
            *(part for pair in settings for part in ("--set", pair)),
        ]
        return served.main(arguments)


@contextmanager
def _seed_file(seed: Path | None, *, empty: bool) -> Iterator[Path | None]:
    """The seed to load: the file given, the demo's data, or nothing. ConfigurationError for an unreadable file."""
    if empty:
        yield None
    elif seed is not None:
        if not seed.is_file():
            raise ConfigurationError(f"there is no seed file {seed}", setting="--seed")
        yield seed
    else:
        from tempfile import TemporaryDirectory  # noqa: PLC0415

        with TemporaryDirectory(prefix="activity-sync-seed-") as folder:
            path = Path(folder) / "seed.json"
            path.write_text(json.dumps(demo_data()), encoding="utf-8")
            yield path


def demo_data() -> Mapping[str, Any]:
    """Both sides of the demo: a thousand activities each within ten days, the awkward ones among them."""
    from activity_sync.sandbox.seed import demo_seed  # noqa: PLC0415

    seed = demo_seed(datetime.now(tz=UTC).date())
    return {side: seed[side] for side in ("hubspot", "dynamics")}
