"""Errors of the pipeline as Dagster failures and back: a run's page and the command line say the same."""

from __future__ import annotations

import dagster as dg

from activity_sync import errors
from activity_sync.errors import ActivitySyncError, FatalError

_FACTS = ("system", "setting", "code", "correlation_id")


def failure_of(error: ActivitySyncError) -> dg.Failure:
    """What the UI shows: the error's own message, and its facts as metadata."""
    facts = {name: getattr(error, name) for name in _FACTS}
    return dg.Failure(
        description=error.message,
        metadata={"error": type(error).__name__} | {name: value for name, value in facts.items() if value},
        allow_retries=False,
    )


def error_of(event: dg.DagsterEvent, run_id: str) -> ActivitySyncError | None:
    """The error behind a step's failure, as it was raised, and where; None for an event that tells of none.

    Anything but our own errors becomes a FatalError that names the first cause.
    """
    if not event.is_step_failure or event.step_key is None:
        return None
    where = f"[{event.step_key.replace('__', '/')}, run {run_id}]"
    data = event.step_failure_data
    if data.user_failure_data is not None:
        told = {name: str(value.value) for name, value in data.user_failure_data.metadata.items()}
        kind = getattr(errors, told.pop("error", ""), FatalError)
        if issubclass(kind, ActivitySyncError):
            return kind(
                f"{data.user_failure_data.description} {where}",
                system=told.get("system"),
                setting=told.get("setting"),
                code=told.get("code"),
                correlation_id=told.get("correlation_id"),
            )
    info = data.error
    while info is not None and info.cause is not None:
        info = info.cause
    message = "the step failed" if info is None else (info.message or info.cls_name or "").strip()
    return FatalError(f"{message} {where}")


def reason_of(event: dg.DagsterEvent) -> str:
    """What failed a step, in a line: our own error's kind and message, of anything else the kind alone.

    The message of an error that is not ours may quote what somebody wrote.
    """
    data = event.step_failure_data
    if data.user_failure_data is not None:
        kind = data.user_failure_data.metadata.get("error")
        return ": ".join(filter(None, [str(kind.value) if kind else "", data.user_failure_data.description]))
    info = data.error
    while info is not None and info.cause is not None:
        info = info.cause
    return f"{(info.cls_name if info else None) or 'an unknown error'}: see the run"
