"""What the comparison with other tools counts as lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.peers.outcomes import Count, Email, Found, carried, held, losses, text_of
from benchmarks.peers.work import Work, email_id

EMAIL = Email("1", "Offer", "the text", contacts=frozenset({"c", "d"}), tickets=frozenset({"t"}))
COPY = Found("1", "the text", contacts=frozenset({"c", "d"}), tickets=frozenset({"t"}))


def test_nothing_is_lost_where_everything_is_there():
    found = losses({"1": EMAIL, "2": replace(EMAIL, id="2", archived=True)}, [COPY])

    assert not found.any()
    assert (found.emails, found.contacts, found.tickets) == (Count(0, 1), Count(0, 2), Count(0, 1))
    assert found.deletes == Count(0, 1)


@pytest.mark.parametrize(
    ("copies", "lost"),
    [
        ([], {"emails": 1, "late_ties": 1, "contacts": 2, "tickets": 1}),
        ([replace(COPY, gone=True)], {"emails": 1, "late_ties": 1, "contacts": 2, "tickets": 1}),
        ([replace(COPY, text="an older text")], {"bodies": 1}),
        ([replace(COPY, contacts=frozenset({"d"}))], {"contacts": 1}),
        ([replace(COPY, tickets=frozenset())], {"tickets": 1}),
        ([COPY, COPY, COPY], {"duplicates": 2}),
        ([COPY, replace(COPY, tickets=frozenset(), text="old")], {"duplicates": 1, "bodies": 1}),
    ],
)
def test_each_loss_is_counted_by_its_name(copies, lost):
    shown = losses({"1": EMAIL}, copies, frozenset({"1"})).shown()

    assert {name: count["lost"] for name, count in shown.items() if count["lost"]} == lost


def test_copy_of_deleted_email_is_lost_unless_it_is_known_to_be_gone():
    bin_ = {"1": replace(EMAIL, archived=True)}

    assert losses(bin_, [COPY]).deletes == Count(1, 1)
    assert losses(bin_, [replace(COPY, gone=True)]).deletes == Count(0, 1)


def test_body_is_compared_by_what_a_person_reads():
    assert text_of("<p>Figures: <b>1</b> &amp; 2</p>\n<p>Line</p>") == "Figures: 1 & 2 Line"
    assert text_of(None) == ""


def test_both_dumps_are_told_in_hubspots_ids():
    work = Work(emails=4, contacts=3, companies=1, deals=1, tickets=2, ties=2, edits=1, deletes=1, new=1)
    seed = work.first()
    dynamics = {table: list(rows) for table, rows in seed["dynamics"]["records"].items()}
    emails = held(seed["hubspot"])
    first = emails[email_id(0)]
    dynamics["email"] = [
        {
            "subject": first.subject,
            "description": f"<html>{first.text}</html>",
            "regardingobjectid": {"type": "incident", "id": dynamics["incident"][0]["incidentid"]},
            "parties": [
                {
                    "participationtypemask": mask,
                    "partyid": {"type": "contact", "id": dynamics["contact"][n]["contactid"]},
                }
                for mask, n in ((1, 2), (2, 0))
            ],
        }
    ]

    [copy] = carried(seed["hubspot"], {"rows": dynamics})

    assert copy == Found(email_id(0), first.text, frozenset({"1001"}), first.tickets)
    assert first.contacts == {"1001", "1002"}


def test_work_shows_half_of_an_import_late():
    work = Work(emails=4, contacts=3, companies=1, deals=1, tickets=2, ties=6, edits=1, deletes=2, new=1)
    first, later = held(work.first()["hubspot"]), held(work.later())

    assert len(first) == 4 + 3
    assert work.late_ties == {email_id(n) for n in (7, 8, 9)}
    assert work.late_ties < later.keys()
    assert {one.id for one in later.values() if one.archived} == {email_id(1), email_id(2)}
    assert len({work.sent_at[n] for n in range(4, 10)}) == 1
