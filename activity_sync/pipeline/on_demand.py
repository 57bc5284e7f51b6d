"""Contacts and companies that the target lacks and that may be made: which they are, and what became of each.

Deals and tickets are never made. Nor is a record that the source no longer has, one of which nothing is known that
people would find it by, and one that we made before and people deleted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from activity_sync.activities.kinds import RecordKind
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.systems.records import NaturalKey

if TYPE_CHECKING:
    from activity_sync.pipeline.resolver import Found

MADE_KINDS = frozenset({RecordKind.CONTACT.value, RecordKind.COMPANY.value})
"""The kinds that may be made."""
LEDGER = "ledger"
"""The rule of a counterpart that we made, or that was made for this record's own creation."""
NO_COUNTERPART = "no_counterpart"
TO_BE_CREATED = "to_be_created"


@dataclass
class OnDemand:
    """The missing records of one scope and step. `makes`: whether the step reckons with their being made."""

    session: Session
    scope: Scope
    makes: bool = False
    _missing: dict[tuple[str, str], NaturalKey] = field(default_factory=dict)
    _made: dict[tuple[str, str], str] = field(default_factory=dict)
    _not_made: dict[tuple[str, str], str] = field(default_factory=dict)
    _shown: defaultdict[str, dict[str, NaturalKey]] = field(default_factory=lambda: defaultdict(dict))

    def in_ledger(self, kind: str, keys: Iterable[NaturalKey]) -> dict[str, str]:
        """By the id of a record of the source, the counterpart that one of the two was made for."""
        if kind not in MADE_KINDS:
            return {}
        ids = {record_id for key in keys for record_id in (key.id, *key.former_ids)}
        return self.session.ledger.made_records(self.scope.flow, kind, ids)

    def shown_with(self, kind: str, found: Iterable[NaturalKey]) -> list[NaturalKey]:
        """What the target shows, with what was just made there: an index may be late."""
        return list((self._shown[kind] | {one.id: one for one in found}).values())

    def unless_found(self, key: NaturalKey, found: Found) -> Found:
        """What has no counterpart and may be made is as good as found, under the key that it will be made under."""
        if not (self.makes and found.rule == NO_COUNTERPART and key.kind in MADE_KINDS):
            return found
        matched = next((one.strip() for one in (*key.emails, *key.domains, key.name) if one.strip()), "")
        if not (matched and self.session.configuration.makes_missing(self.scope.flow, key.kind)):
            return found
        self._missing[key.kind, key.id] = key
        target = self.session.record_key(self.scope, key.kind, key.id)
        return replace(found, target=target, rule=TO_BE_CREATED, matched=matched, create=key.id)

    def present(self, kind: str, found: Found) -> Found:
        """What was found, with what has become of it since."""
        at = (kind, found.create)
        if at in self._made:
            return replace(found, target=self._made[at], rule=LEDGER, matched=self._made[at], create="")
        if at in self._not_made:
            return replace(found, target=None, rule=self._not_made[at], create="", not_made=found.create)
        return found

    def keys_of(self, found: Iterable[tuple[str, Found]]) -> list[NaturalKey]:
        """The records that are still to be made, each once."""
        return [self._missing[one] for one in dict.fromkeys((kind, one.create) for kind, one in found if one.create)]

    def note_made(self, key: NaturalKey, target_id: str) -> None:
        """The record has this counterpart from here on."""
        self._made[key.kind, key.id] = target_id
        counterpart = replace(key, id=target_id, stored_id="", former_ids=(), former_stored_ids=())
        self._shown[key.kind].setdefault(target_id, counterpart)

    def note_not_made(self, key: NaturalKey, rule: str) -> None:
        """The record has no counterpart, and gets none in this step any more."""
        self._not_made[key.kind, key.id] = rule


def counterpart_in(made: Mapping[str, str], key: NaturalKey) -> str:
    """The record that was made for this one, or for one that was merged into it; empty where none was."""
    return next((made[one] for one in (key.id, *key.former_ids) if one in made), "")
