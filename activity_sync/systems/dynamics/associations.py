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
from activity_sync.systems.dynamics.paths import (
    ACTIVITY_TABLES,
    KINDS,
    PARTY_KINDS,
    party_binding,
    reference,
    regarding_lookup,
)
from activity_sync.systems.dynamics.wire import Party, read_lookup, read_parties
from activity_sync.systems.system import Loss, TargetLink

_ROLES: dict[int, Role] = {
    1: Role.SENDER,
    2: Role.TO,
    3: Role.CC,
    4: Role.BCC,
    5: Role.REQUIRED,
    6: Role.OPTIONAL,
    7: Role.ORGANIZER,
}
_MASKS = {role: mask for mask, role in _ROLES.items()}

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

# Tables whose rows stand as parties beside contacts and accounts, with their entity sets.
_OTHER_PARTIES = {"systemuser": "systemusers", "queue": "queues", "lead": "leads", "equipment": "equipments"}

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
            found.add(Association(kind, party.record.id, _ROLES[party.mask]))
    return frozenset(found)


def read_participants(activity_type: ActivityType, payload: Mapping[str, Any]) -> tuple[Participant, ...]:
    """Everybody in a role, by address. A contact or account without an address is an association only."""
    found: dict[tuple[Role, str], Participant] = {}
    for party in _client_parties(activity_type, payload):
        name = party.name or (party.record.name if party.record else "")
        is_record = party.record is not None and KINDS.get(party.record.table) in PARTY_KINDS
        if party.address or (name and not is_record):
            one = Participant(_ROLES[party.mask], party.address, name)
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
            matches = sorted((one for one in unplaced if address and _same(one.address, address)), key=_contacts_first)
            if plan.add_participant(participant, address, matches[0] if matches else None):
                placed.update(matches[:1])
        for link in unplaced:
            if link not in placed:
                plan.add_record(link)
    plan.losses += [
        Loss("associations", "no_counterpart", f"{link.kind}/{link.id}")
        for link in links
        if not link.regarding and (activity_type not in _WRITABLE or link.kind not in PARTY_KINDS)
    ]
    if plan.further_senders:
        plan.losses.append(Loss("participants", "dropped", f"{plan.further_senders} beyond the one sender"))
    if plan.unusable:
        plan.losses.append(Loss("participants", "dropped", f"{plan.unusable} without a valid address"))
    return PlannedParties(plan.rows, tuple(sorted(plan.shown.values())), tuple(plan.losses))


def keep_present(planned: Sequence[Mapping[str, Any]], present: Iterable[Party]) -> list[dict[str, Any]]:
    """The planned parties of an existing activity, with the present ones that are not ours to drop.

    Users, queues and leads keep their binding where a planned row has their role and address, and their row where
    they have no address, or where the activity lists no addresses at all.
    """
    rows = [dict(row) for row in planned]
    lists_addresses = any("addressused" in row for row in rows)
    for party in present:
        if party.mask not in _ROLES or party.record is None or party.record.table not in _OTHER_PARTIES:
            continue
        target = party.record
        binding = {f"partyid_{target.table}@odata.bind": f"/{_OTHER_PARTIES[target.table]}({target.id})"}
        twin = next(
            (
                row
                for row in rows
                if row["participationtypemask"] == party.mask
                and party.address
                and _same(row.get("addressused", ""), party.address)
                and not any(name.endswith("@odata.bind") for name in row)
            ),
            None,
        )
        if twin is not None:
            twin |= binding
        elif not party.address or not lists_addresses:
            rows.append({"participationtypemask": party.mask, **binding})
    return rows


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

    def add_participant(self, participant: Participant, address: str, link: TargetLink | None) -> bool:
        """Place a participant, bound to the record whose address it is. Whether it found its place."""
        if self._type is not ActivityType.EMAIL:
            return False
        if not address:
            self.unusable += 1
            return False
        role = participant.role if participant.role in _WRITABLE[self._type] else Role.CC
        return self._add(role, address, participant.name, link)

    def add_record(self, link: TargetLink) -> None:
        """Place a record that is no participant."""
        stated = next((role for role in _WRITABLE[self._type] if role == link.role), None)
        if stated is None and link.regarding:
            return
        role = stated or _DEFAULT[self._type, link.kind]
        self._add(role, _plain_address(link.address) if self._type is ActivityType.EMAIL else "", "", link)

    def _add(self, role: Role, address: str, name: str, link: TargetLink | None) -> bool:
        keys = {(role, address.lower())} if address else set()
        if link is not None:
            keys.add((role, link.id))
        if keys & self._taken:
            return True
        if role is Role.SENDER and any(taken is Role.SENDER for taken, _ in self._taken):
            self.further_senders += 1
            return False
        self._taken |= keys
        row: dict[str, Any] = {"participationtypemask": _MASKS[role]}
        if address:
            row["addressused"] = address
            self.shown[role, address.lower()] = Participant(role, address, name)
        if link is not None:
            row[party_binding(link.kind)] = reference(link.kind, link.id)
        self.rows.append(row)
        return True


def _client_parties(activity_type: ActivityType, payload: Mapping[str, Any]) -> list[Party]:
    return [one for one in read_parties(payload, ACTIVITY_TABLES[activity_type]) if one.mask in _ROLES]


def _plain_address(given: str) -> str:
    """The bare address in what a system calls one; empty when there is none that Dynamics takes."""
    address = given.strip()
    if not _ADDRESS.fullmatch(address):
        address = parseaddr(address)[1]
    return address if _ADDRESS.fullmatch(address) and len(address) <= _ADDRESS_CHARS else ""


def _same(one: str, other: str) -> bool:
    return one.strip().lower() == other.strip().lower()


def _contacts_first(link: TargetLink) -> bool:
    return link.kind != RecordKind.CONTACT
