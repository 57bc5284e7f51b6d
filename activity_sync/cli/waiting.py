"""`activity-sync waiting`: what waits by itself, why, and for which records."""

from __future__ import annotations

from typing import Any

import click

from activity_sync.cli.open_records import list_state, narrowed, reason_of


@click.command()
@narrowed
def waiting(*, flow_name: str | None, type_name: str | None, as_json: bool) -> None:
    """List the records that wait, and for what. Every incremental run tries them again by itself.

    A record waits where none of the records that it hangs on exists in the target, where a create's end is not known
    yet, or where it kept changing while it was written.
    """
    list_state(
        "deferred",
        {"reason": reason_of, "waits for": waits_for, "tries": lambda one: str(one["attempts"])},
        nothing="nothing waits",
        flow_name=flow_name,
        type_name=type_name,
        as_json=as_json,
    )


def waits_for(one: dict[str, Any]) -> str:
    """The missing records of an entry."""
    return ", ".join(f"{missing['system']}:{missing['kind']}/{missing['id']}" for missing in one["waits_for"])
