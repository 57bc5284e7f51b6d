"""Finding the counterpart of a record that carries no key of ours.

Twins that people entered in both systems, and creates of our own whose end is unknown because the target has no place
for a key.

Both only propose. Several candidates are a person's to choose from (case 4).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from html import unescape

from activity_sync.activities.activity import RichText
from activity_sync.activities.fingerprint import FieldPrint, Fingerprint
from activity_sync.activities.kinds import ActivityType

_WORD = re.compile(r"\w+")
_UNSEEN = re.compile(r"<(style|script)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", re.DOTALL | re.IGNORECASE)


class TwinMode(StrEnum):
    """What happens to activities that people entered in both systems: copied, copied and named, or linked."""

    OFF = "off"
    REPORT = "report"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class TwinRule:
    """When two activities entered by people are one. `similarity`: share of common words, from 0 to 1."""

    window: timedelta = timedelta(minutes=15)
    same_record: bool = True
    similarity: float = 0.6


@dataclass(frozen=True, slots=True)
class Twin:
    """What the rule compares of one activity. `records`: what it hangs on, as element keys in the *target's* ids."""

    id: str
    type: ActivityType
    time: datetime | None
    words: frozenset[str]
    records: frozenset[str] = frozenset()


def words_of(*texts: str | RichText | None) -> frozenset[str]:
    """The different words of a subject and a body, case and markup aside."""
    plain = (unescape(_UNSEEN.sub(" ", t.text)) if isinstance(t, RichText) and t.html else _text(t) for t in texts)
    return frozenset(word for text in plain for word in _WORD.findall(text.casefold()))


def find_twins(activity: Twin, candidates: Iterable[Twin], rule: TwinRule) -> tuple[str, ...]:
    """The ids of all candidates that the rule takes for the same activity, sorted. It does not choose."""
    return tuple(sorted(one.id for one in candidates if is_twin(activity, one, rule)))


class TwinIndex:
    """Candidates by what they hang on and by their time, so that thousands are compared with thousands at once."""

    def __init__(self, candidates: Iterable[Twin], rule: TwinRule) -> None:
        self.rule = rule
        self._by_record: defaultdict[str, list[tuple[datetime, Twin]]] = defaultdict(list)
        for one in candidates:
            if one.time is not None:
                for record in self._records(one):
                    self._by_record[record].append((one.time, one))
        for bucket in self._by_record.values():
            bucket.sort(key=_time)

    def find(self, activity: Twin) -> tuple[str, ...]:
        """As `find_twins` among all of them."""
        if activity.time is None:
            return ()
        near: dict[str, Twin] = {}
        for record in self._records(activity):
            bucket = self._by_record.get(record, [])
            first = bisect_left(bucket, activity.time - self.rule.window, key=_time)
            last = bisect_right(bucket, activity.time + self.rule.window, key=_time)
            near |= {one.id: one for _, one in bucket[first:last]}
        return find_twins(activity, near.values(), self.rule)

    def _records(self, one: Twin) -> Iterable[str]:
        return one.records if self.rule.same_record else ("",)


def is_twin(one: Twin, other: Twin, rule: TwinRule) -> bool:
    """Whether the rule takes two activities for the same. Symmetric. Without a time or a word there is no telling."""
    if one.type is not other.type or one.time is None or other.time is None:
        return False
    if abs(one.time - other.time) > rule.window:
        return False
    if rule.same_record and not one.records & other.records:
        return False
    return similarity(one.words, other.words) >= rule.similarity


def similarity(one: frozenset[str], other: frozenset[str]) -> float:
    """Common words as a share of the shorter text's words: a cut body resembles the whole one. 0 without words."""
    shorter = min(len(one), len(other))
    return len(one & other) / shorter if shorter else 0.0


def find_own_creates(
    intended: Fingerprint, candidates: Mapping[str, Fingerprint], *, fields: Iterable[str] | None = None
) -> tuple[str, ...]:
    """The ids, sorted, of records that show all we meant to create, servers' rewriting allowed for.

    The caller offers only unlinked records of the type made since the create was announced. `fields` restricts the
    comparison; a field that a candidate does not show does not count against it, but one must be shown.
    """
    wanted = dict(intended) if fields is None else {f: intended[f] for f in fields if f in intended}
    return tuple(sorted(key for key, shown in candidates.items() if _shows(shown, wanted)))


def _shows(shown: Fingerprint, wanted: Mapping[str, FieldPrint]) -> bool:
    common = wanted.keys() & shown.keys()
    return bool(common) and all(shown[f].settles(wanted[f]) for f in common)


def _time(entry: tuple[datetime, Twin]) -> datetime:
    return entry[0]


def _text(value: str | RichText | None) -> str:
    return value.text if isinstance(value, RichText) else value or ""
