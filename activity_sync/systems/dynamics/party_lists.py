"""Whole lists of parties: what is there, merged with what shall change. Pure.

The API replaces an activity's parties as a whole, so that a change of one must repeat all others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from activity_sync.systems.dynamics.associations import ROLES, is_same_address
from activity_sync.systems.dynamics.paths import KINDS, PARTY_KINDS, bind_party
from activity_sync.systems.dynamics.wire import Party


def amend_parties(
    present: Iterable[Party], additions: Iterable[Mapping[str, Any]], *, drop: Collection[str], addressed: bool
) -> list[dict[str, Any]]:
    """The whole list after adding some records' rows and dropping the bindings to the records in `drop` (ids).

    An addition binds the row that has its address already. `addressed`: rows have addresses (e-mails), and a row that
    loses its record keeps its own.
    """
    rows = [row for party in present if (row := _row(party, drop=drop, addressed=addressed))]
    for addition in additions:
        twin = next((row for row in rows if not _binding(row) and _same_address(row, addition)), None)
        if twin is not None:
            twin |= _binding(addition)
        elif not any(_binding(row) == _binding(addition) for row in rows):
            rows.append(dict(addition))
    return rows


def replace_parties(
    present: Iterable[Party], planned: Sequence[Mapping[str, Any]], *, addressed: bool
) -> list[dict[str, Any]]:
    """The whole list when `planned` are the participants.

    A planned row without a record takes that of the present row in its role with its address. Present rows that no
    address could have brought stay: those without one, and users, queues and leads where none is planned.
    """
    rows = [dict(row) for row in planned]
    lists_addresses = any("addressused" in row for row in rows)
    for party in present:
        row = _row(party, drop=(), addressed=addressed)
        if row is None or party.record is None:
            continue
        twin = next(
            (one for one in rows if not _binding(one) and _same_role(one, row) and _same_address(one, row)), None
        )
        is_foreign = KINDS.get(party.record.table) not in PARTY_KINDS
        if twin is not None:
            twin |= _binding(row)
        elif (not party.address or (is_foreign and not lists_addresses)) and not _is_taken(row, rows):
            rows.append(row)
    return rows


def _row(party: Party, *, drop: Collection[str], addressed: bool) -> dict[str, Any] | None:
    """A present party as it would be written; None for the server's own rows and where nothing identifies it."""
    if party.mask not in ROLES:
        return None
    row: dict[str, Any] = {"participationtypemask": party.mask}
    if addressed and party.address:
        row["addressused"] = party.address
    if party.record is not None and party.record.id not in drop:
        row |= bind_party(party.record.table, party.record.id)
    return row if len(row) > 1 else None


def _binding(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name.endswith("@odata.bind")}


def _same_role(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(one["participationtypemask"] == other["participationtypemask"])


def _same_address(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return "addressused" in one and is_same_address(one["addressused"], other.get("addressused", ""))


def _is_taken(row: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> bool:
    """Whether its place is taken: by the same record in the same role, or by another sender."""
    alike = [one for one in rows if _same_role(one, row)]
    return any(_binding(one) == _binding(row) for one in alike) or (bool(alike) and row["participationtypemask"] == 1)
