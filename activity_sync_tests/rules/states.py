"""Short words for building what `decide` sees: one subject, one body, one owner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from activity_sync.activities.fingerprint import FieldPrint
from activity_sync.rules.values import (
    AssociationDiff,
    Conflict,
    Gone,
    GoneHow,
    Linked,
    Missing,
    NoLink,
    Pending,
    Policy,
    Present,
    References,
    Side,
    Tombstoned,
    Unseen,
)

UNSEEN = Unseen()
GONE = Gone()
ERASED = Gone(GoneHow.ERASED)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PETRA = Missing("dynamics", "contact", "petra")


def prints(**values: str) -> dict[str, FieldPrint]:
    """`subject="a"`: a value; `body="a|x"`: markup `a` that a reader sees as `x`."""
    return {name: value(text) for name, text in values.items()}


def value(text: str) -> FieldPrint:
    exact, _, visible = text.partition("|")
    return FieldPrint(exact, visible or exact)


def shows(version: str = "1", *, projected: Mapping[str, FieldPrint] | None = None, **values: str) -> Present:
    """A record whose values look the same on the other side, unless `projected` says otherwise."""
    seen = prints(**({"subject": "s", "body": "b", "owner": "o"} | values))
    return Present(prints=seen, projected=seen if projected is None else projected, version=version)


def side(**values: str) -> Side:
    return Side(base=prints(**({"subject": "s", "body": "b", "owner": "o"} | values)), version="1")


def linked(source: Side | None = None, target: Side | None = None) -> Linked:
    return Linked("source-id", "target-id", source or side(), target or side(), revision=7)


def edited_at(present: Present, seconds: float, *names: str) -> Present:
    moment = NOON + timedelta(seconds=seconds)
    return replace(present, field_times=dict.fromkeys(names, moment))


SAME = shows()
MOVED = shows("2")
EDITED = shows("2", subject="edited here")
EDITED_THERE = shows("2", subject="edited there")
EDITED_BODY = shows("2", body="edited there")

NO_LINK = NoLink()
MATCHED = NoLink(matches=("twin",))
LINKED = linked()
PENDING = Pending("key", 0, prints(subject="s"), looked=True, certain=True)
TOMBSTONED = Tombstoned(side(), side(), 0, frozenset({"subject", "body"}), target_id="target-id")

DEFAULT = Policy()
ONE_WAY = Policy(two_way=False)
SOURCE_WINS = Policy(conflict=Conflict.SOURCE)
TARGET_WINS = Policy(conflict=Conflict.TARGET)
UNRESOLVED = References(resolved=0, missing=(PETRA,))
PARTLY_RESOLVED = References(resolved=1, missing=(PETRA,))
EITHER = ("contact/c1", "contact/c2")
PARTLY_AMBIGUOUS = References(resolved=1, missing=(PETRA,), ambiguous=EITHER)
AMBIGUOUS = References(resolved=0, missing=(PETRA,), ambiguous=EITHER)
LAST_REMOVED = AssociationDiff(removed=frozenset({"contact/1/associated"}), leaves_none=True)
CONTACT_ADDED = AssociationDiff(added=frozenset({"contact/1/associated"}))
