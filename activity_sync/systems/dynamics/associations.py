"""Activity parties and the regarding record, to and from participants and associations. Pure.

Dynamics has one regarding record and many parties, each in a role. The server makes the owner's and the regarding
record's party rows itself; they are skipped when reading and never sent.
Source: Microsoft Learn, "Activity party entity", read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Any

from activity_sync.activities.activity import Association, Participant
from activity_sync.activities.kinds import ActivityType, RecordKind, Role
from activity_sync.activities.loss import Loss
from activity_sync.systems.dynamics.paths import (
    ACTIVITY_TABLES,
    KINDS,
    PARTY_KINDS,
    RECORD_TABLES,
    bind_party,
    regarding_lookup,
)
from activity_sync.systems.dynamics.wire import Party, read_lookup, read_parties
from activity_sync.systems.records import TargetLink

ROLES: dict[int, Role] = {
    1: Role.SENDER,
    2: Role.TO,
    3: Role.CC,
    4: Role.BCC,
    5: Role.REQUIRED,
    6: Role.OPTIONAL,
    7: Role.ORGANIZER,
}
"""The roles that clients give, by their numbers."""

_MASKS = {role: mask for mask, role in ROLES.items()}

# The roles an activity's parties may be written in, and the role of a record that has none of its own.
_WRITABLE: dict[ActivityType, frozenset[Role]] = {
    ActivityType.EMAIL: frozenset({Role.SENDER, Role.TO, Role.CC, Role.BCC}),
    ActivityType.CALL: frozenset({Role.SENDER, Role.TO}),
    # Organizers are users; none of our records can be one.
    ActivityType.MEETING: frozenset({Role.REQUIRED, Role.OPTIONAL}),
}
_DEFAULT: dict[tuple[ActivityType, str], Role] = {
    (ActivityType.EMAIL, RecordKind.CONTACT): Role.CC,
    (ActivityType.EMAIL, RecordKind.COMPANY): Role.CC,
    (ActivityType.CALL, RecordKind.CONTACT): Role.TO,
    (ActivityType.CALL, RecordKind.COMPANY): Role.TO,
    (ActivityType.MEETING, RecordKind.CONTACT): Role.REQUIRED,
    (ActivityType.MEETING, RecordKind.COMPANY): Role.OPTIONAL,
}

_ADDRESS = re.compile(r"[^@\s<>,;:\"()]+@[^@\s<>,;:\"()]+")
_ADDRESS_CHARS = 320


@dataclass(frozen=True, slots=True)
class PlannedParties:
    """Parties to write: `rows` for the body, `shown` the participants they will show, and what did not fit."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    shown: tuple[Participant, ...] = ()
    losses: tuple[Loss, ...] = ()


def read_associations(activity_type: ActivityType, payload: Mapping[str, Any]) -> frozenset[Association]:
    """The regarding record (primary) and the contacts and accounts among the parties, each with its role."""
    found: set[Association] = set()
    about = read_lookup(payload, regarding_lookup(activity_type))
    if about is not None:
        found.add(Association(KINDS.get(about.table, about.table or "other"), about.id, primary=True))
    for party in _client_parties(activity_type, payload):
        kind = KINDS.get(party.record.table) if party.record else None
        if party.record is not None and kind in PARTY_KINDS:
            found.add(Association(kind, party.record.id, ROLES[party.mask]))
    return frozenset(found)


def read_participants(activity_type: ActivityType, payload: Mapping[str, Any]) -> tuple[Participant, ...]:
    """Everybody in a role, by address. A contact or account without an address is an association only."""
    found: dict[tuple[Role, str], Participant] = {}
    for party in _client_parties(activity_type, payload):
        name = party.name or (party.record.name if party.record else "")
        is_record = party.record is not None and KINDS.get(party.record.table) in PARTY_KINDS
        if party.address or (name and not is_record):
            one = Participant(ROLES[party.mask], party.address, name)
            found.setdefault((one.role, (one.address or one.name).lower()), one)
    return tuple(sorted(found.values()))


def plan_parties(
    activity_type: ActivityType, participants: Iterable[Participant], links: Sequence[TargetLink]
) -> PlannedParties:
    """The parties of an activity with these participants and records.

    A record whose address is a participant's takes that participant's role and address; one without a counterpart
    takes its type's usual role, unless the activity is about it anyway. Deals and tickets cannot be parties.
    """
    plan = _Plan(activity_type)
    if activity_type in _WRITABLE:
        unplaced = [link for link in links if link.kind in PARTY_KINDS]
        placed: set[TargetLink] = set()
        for participant in participants:
            address = _plain_address(participant.address)
            # A contact before its company, where both have the address.
            matches = sorted(
                (one for one in unplaced if address and is_same_address(one.address, address)), key=_contacts_first
            )
            placed |= plan.add_participant(participant, address, matches)
        for link in unplaced:
            if link not in placed:
                plan.add_record(link)
    plan.losses += [
        Loss("associations", "no_counterpart", f"{link.kind}/{link.id}")
        for link in links
        if not link.regarding and not can_be_party(activity_type, link.kind)
    ]
    if plan.further_senders:
        plan.losses.append(Loss("participants", "dropped", f"{plan.further_senders} beyond the one sender"))
    if plan.unusable:
        plan.losses.append(Loss("participants", "dropped", f"{plan.unusable} without a valid address"))
    return PlannedParties(plan.rows, tuple(sorted(plan.shown.values())), tuple(plan.losses))


def can_be_party(activity_type: ActivityType, kind: str) -> bool:
    """Whether records of a kind have a place among the parties of a type."""
    return activity_type in _WRITABLE and kind in PARTY_KINDS


class _Plan:
    """Rows as they accumulate: one per role and record, one per role and address, one sender."""

    def __init__(self, activity_type: ActivityType) -> None:
        self._type = activity_type
        self.rows: list[dict[str, Any]] = []
        self.shown: dict[tuple[Role, str], Participant] = {}
        self.losses: list[Loss] = []
        self.further_senders = 0
        self.unusable = 0
        self._taken: set[tuple[Role, str]] = set()

    def add_participant(self, participant: Participant, address: str, records: Sequence[TargetLink]) -> set[TargetLink]:
        """Place a participant, bound to the records whose address it is; which of these found their place."""
        if self._type is not ActivityType.EMAIL:
            return set()
        if not address:
            self.unusable += 1
            return set()
        role = participant.role if participant.role in _WRITABLE[self._type] else Role.CC
        if not records:
            self._add(role, address, participant.name, None)
        return {link for link in records if self._add(role, address, participant.name, link)}

    def add_record(self, link: TargetLink) -> None:
        """Place a record that is no participant."""
        stated = next((role for role in _WRITABLE[self._type] if role == link.role), None)
        if stated is None and link.regarding:
            return
        role = stated or _DEFAULT[self._type, link.kind]
        self._add(role, _plain_address(link.address) if self._type is ActivityType.EMAIL else "", "", link)

    def _add(self, role: Role, address: str, name: str, link: TargetLink | None) -> bool:
        """Whether the record, or the bare address, has its row in this role now."""
        key = (role, link.id if link else address.lower())
        if key in self._taken or (link is None and (role, address.lower()) in self.shown):
            return True
        if role is Role.SENDER and any(taken is Role.SENDER for taken, _ in self._taken):
            self.further_senders += 1
            return False
        self._taken.add(key)
        row: dict[str, Any] = {"participationtypemask": _MASKS[role]}
        if address:
            row["addressused"] = address
            self.shown.setdefault((role, address.lower()), Participant(role, address, name))
        if link is not None:
            row |= bind_party(RECORD_TABLES[link.kind].name, link.id)
        self.rows.append(row)
        return True


def _client_parties(activity_type: ActivityType, payload: Mapping[str, Any]) -> list[Party]:
    return [one for one in read_parties(payload, ACTIVITY_TABLES[activity_type]) if one.mask in ROLES]


def _plain_address(given: str) -> str:
    """The bare address in what a system calls one; empty when there is none that Dynamics takes."""
    address = given.strip()
    if not _ADDRESS.fullmatch(address):
        address = parseaddr(address)[1]
    return address if _ADDRESS.fullmatch(address) and len(address) <= _ADDRESS_CHARS else ""


def is_same_address(one: str, other: str) -> bool:
    """Whether two addresses are one: case does not count."""
    return one.strip().lower() == other.strip().lower()


def _contacts_first(link: TargetLink) -> bool:
    return link.kind != RecordKind.CONTACT
