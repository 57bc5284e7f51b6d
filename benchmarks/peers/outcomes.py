"""What a tool has brought over, held against what HubSpot holds. Pure.

Everything is told in HubSpot's ids, whatever the tool made of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lxml import html

from benchmarks.peers.work import STORED

_TO = 2


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail in HubSpot. `text`: what a person reads; `archived`: it lies in the recycling bin."""

    id: str
    subject: str
    text: str
    contacts: frozenset[str] = frozenset()
    tickets: frozenset[str] = frozenset()
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a tool has for one e-mail. `gone`: it knows that HubSpot's was deleted."""

    email: str
    text: str
    contacts: frozenset[str] = frozenset()
    tickets: frozenset[str] = frozenset()
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """How many of how many are lost."""

    lost: int
    of: int


@dataclass(frozen=True, slots=True)
class Losses:
    """What is lost, each against what there is.

    `emails`: living ones that are not there; `late_ties`: those of them whose modification time others shared, and
    which showed late; `bodies`: texts, of what is there, that are not HubSpot's present ones; `contacts`, `tickets`:
    associations of living e-mails; `deletes`: e-mails in the recycling bin whose copy stands as if nothing had
    happened; `duplicates`: copies beyond the first, of all copies.
    """

    emails: Count
    late_ties: Count
    bodies: Count
    contacts: Count
    tickets: Count
    deletes: Count
    duplicates: Count

    def shown(self) -> dict[str, dict[str, int]]:
        """As data."""
        return asdict(self)

    def any(self) -> bool:
        """Whether anything is lost."""
        return any(count["lost"] for count in self.shown().values())


def losses(held: Mapping[str, Email], found: Iterable[Found], late_ties: frozenset[str] = frozenset()) -> Losses:
    """Compares. Of several copies of one e-mail an association counts when any of them has it, a body when all do."""
    copies: dict[str, list[Found]] = defaultdict(list)
    for one in found:
        copies[one.email].append(one)
    living = [email for email in held.values() if not email.archived]
    there = [email for email in living if _standing(copies[email.id])]
    deleted = [email for email in held.values() if email.archived]
    ties = [email for email in living if email.id in late_ties]
    return Losses(
        emails=Count(len(living) - len(there), len(living)),
        late_ties=Count(sum(not _standing(copies[email.id]) for email in ties), len(ties)),
        bodies=Count(
            sum(any(email.text not in copy.text for copy in _standing(copies[email.id])) for email in there), len(there)
        ),
        contacts=_links(living, copies, "contacts"),
        tickets=_links(living, copies, "tickets"),
        deletes=Count(sum(bool(_standing(copies[email.id])) for email in deleted), len(deleted)),
        duplicates=Count(
            sum(max(len(_standing(each)) - 1, 0) for each in copies.values()),
            sum(len(_standing(each)) for each in copies.values()),
        ),
    )


def _standing(copies: Iterable[Found]) -> list[Found]:
    return [copy for copy in copies if not copy.gone]


def _links(living: Iterable[Email], copies: Mapping[str, list[Found]], end: str) -> Count:
    lost = there = 0
    for email in living:
        wanted: frozenset[str] = getattr(email, end)
        carried = frozenset[str]().union(*(getattr(copy, end) for copy in _standing(copies[email.id])))
        lost, there = lost + len(wanted - carried), there + len(wanted)
    return Count(lost, there)


def held(hubspot: Mapping[str, Any]) -> dict[str, Email]:
    """The e-mails of a HubSpot sandbox, from its dump."""
    ends: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in hubspot["associations"]:
        pairs = ((one["from"], one["to"]), (one["to"], one["from"]))
        for (kind, record_id), (other, other_id) in pairs:
            if kind == "emails":
                ends[record_id, other].add(other_id)
    return {
        one["id"]: Email(
            id=one["id"],
            subject=one["properties"].get("hs_email_subject") or "",
            text=text_of(one["properties"].get("hs_email_html")),
            contacts=frozenset(ends[one["id"], "contacts"]),
            tickets=frozenset(ends[one["id"], "tickets"]),
            archived=bool(one.get("archived")),
        )
        for one in hubspot["objects"].get("emails", [])
    }


def carried(hubspot: Mapping[str, Any], dynamics: Mapping[str, Any]) -> list[Found]:
    """The e-mails of a Dynamics sandbox, from both dumps: told apart by their subjects, which are each another."""
    by_subject = {email.subject: email.id for email in held(hubspot).values()}
    people = _counterparts(hubspot, ("contacts", "email"), dynamics, ("contact", "emailaddress1"))
    cases = _counterparts(hubspot, ("tickets", STORED), dynamics, ("incident", "incidentid"))
    return [
        Found(
            email=by_subject.get(row["subject"], f"unknown: {row['subject']}"),
            text=text_of(row["description"]),
            contacts=_named(people, (party["partyid"] for party in row["parties"] if _is_receiver(party))),
            tickets=_named(cases, [row["regardingobjectid"]]),
        )
        for row in dynamics["rows"].get("email", [])
    ]


def text_of(body: str | None) -> str:
    """What a person reads, blanks and lines as one space."""
    return " ".join(html.fromstring(f"<div>{body}</div>").text_content().split()) if body else ""


def _counterparts(
    hubspot: Mapping[str, Any], ours: tuple[str, str], dynamics: Mapping[str, Any], theirs: tuple[str, str]
) -> dict[tuple[str, str], str]:
    """The HubSpot id of a row of Dynamics, by (table, id): where a property and a column hold the same."""
    (kind, name), (table, column) = ours, theirs
    ids = {
        one["properties"][name].lower(): one["id"]
        for one in hubspot["objects"].get(kind, [])
        if one["properties"].get(name)
    }
    rows = dynamics["rows"].get(table, [])
    return {(table, row[f"{table}id"]): ids[row[column].lower()] for row in rows if (row[column] or "").lower() in ids}


def _is_receiver(party: Mapping[str, Any]) -> bool:
    return int(party["participationtypemask"]) == _TO


def _named(known: Mapping[tuple[str, str], str], references: Iterable[Mapping[str, str] | None]) -> frozenset[str]:
    ends = [(one["type"], one["id"]) for one in references if one]
    return frozenset(known[end] for end in ends if end in known)
