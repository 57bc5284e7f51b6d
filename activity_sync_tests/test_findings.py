"""Findings: how an error becomes one, and what they amount to together."""

from __future__ import annotations

import pytest

from activity_sync.errors import ActivitySyncError, AuthenticationFailed, ConfigurationError, LedgerUnusable
from activity_sync.findings import Consequence, Finding, Level, broken, failure, fine, unchecked, warn, worst, wrong


@pytest.mark.parametrize(
    ("error", "message", "remedy"),
    [
        (
            AuthenticationFailed("hubspot denies a right (403, X): grant it."),
            "hubspot denies a right (403, X)",
            "grant it",
        ),
        (
            LedgerUnusable("No answer (Fault: at port 1: refused). Check it.", setting="ACTIVITY_SYNC_LEDGER_URL"),
            "No answer (Fault: at port 1: refused). Check it.",
            "see ACTIVITY_SYNC_LEDGER_URL",
        ),
        (ConfigurationError("X is 'a:b': use b: or c."), "X is 'a:b'", "use b: or c"),
    ],
)
def test_an_error_is_parted_into_what_is_wrong_and_what_to_do(error: ActivitySyncError, message: str, remedy: str):
    found = failure("room.thing", error)

    assert (found.message, found.remedy, found.level) == (message, remedy, Level.ERROR)


def test_a_configuration_is_corrected_before_any_system():
    several = [fine("a", "m"), warn("b", "m"), broken("c", "m", "r"), wrong("d", "m", "r")]

    assert worst(several) is Consequence.CONFIGURATION
    assert worst(several[:3]) is Consequence.SYSTEMIC
    assert worst(several[:2]) is None


def test_what_is_not_checked_is_no_ok():
    found = unchecked("a", "whether it may write")

    assert found == Finding("a", Level.WARNING, "cannot be checked without writing: whether it may write")


def test_what_is_shown_has_four_texts():
    assert broken("a", "m", "r").shown() == {"name": "a", "level": "error", "message": "m", "remedy": "r"}
