"""Lists of parties that must be written as a whole, merged with those that are there."""

from __future__ import annotations

from activity_sync.systems.dynamics.party_lists import amend_parties, replace_parties
from activity_sync.systems.dynamics.wire import Lookup, Party

USER = Party(1, "ann@ours.example", record=Lookup("systemuser", "u1"))
ADA = Party(2, "ada@x.example", record=Lookup("contact", "c1"))
BARE = Party(3, "bare@x.example")
OWNER = Party(9, "ann@ours.example", record=Lookup("systemuser", "u1"))

USER_ROW = {
    "participationtypemask": 1,
    "addressused": "ann@ours.example",
    "partyid_systemuser@odata.bind": "/systemusers(u1)",
}
ADA_ROW = {"participationtypemask": 2, "addressused": "ada@x.example", "partyid_contact@odata.bind": "/contacts(c1)"}
BARE_ROW = {"participationtypemask": 3, "addressused": "bare@x.example"}
BEN_ROW = {"participationtypemask": 3, "addressused": "ben@x.example", "partyid_contact@odata.bind": "/contacts(c2)"}


def test_added_record_joins_the_present_parties_without_the_server_s_own():
    rows = amend_parties([USER, ADA, OWNER], [BEN_ROW], drop=(), addressed=True)

    assert rows == [USER_ROW, ADA_ROW, BEN_ROW]


def test_added_record_takes_the_row_with_its_address():
    addition = {
        "participationtypemask": 2,
        "addressused": "BARE@x.example",
        "partyid_contact@odata.bind": "/contacts(c2)",
    }

    rows = amend_parties([BARE], [addition], drop=(), addressed=True)

    assert rows == [{**BARE_ROW, "partyid_contact@odata.bind": "/contacts(c2)"}]


def test_record_that_is_there_is_not_added_again():
    again = {"participationtypemask": 3, "partyid_contact@odata.bind": "/contacts(c1)"}

    assert amend_parties([ADA], [again], drop=(), addressed=True) == [ADA_ROW]


def test_dropped_record_leaves_its_address_in_an_email_and_nothing_elsewhere():
    assert amend_parties([ADA], [], drop=["c1"], addressed=True) == [
        {"participationtypemask": 2, "addressused": "ada@x.example"}
    ]
    assert amend_parties([ADA], [], drop=["c1"], addressed=False) == []


def test_replaced_participants_keep_the_records_behind_their_addresses():
    planned = [
        {"participationtypemask": 1, "addressused": "Ann@ours.example"},
        {"participationtypemask": 2, "addressused": "new@x.example"},
    ]

    rows = replace_parties([USER, ADA, BARE], planned, addressed=True)

    assert rows == [
        {
            "participationtypemask": 1,
            "addressused": "Ann@ours.example",
            "partyid_systemuser@odata.bind": "/systemusers(u1)",
        },
        {"participationtypemask": 2, "addressused": "new@x.example"},
    ]


def test_replacing_keeps_who_has_no_address_but_never_a_second_sender():
    queue = Party(3, record=Lookup("queue", "q1"))
    sender = Party(1, record=Lookup("queue", "q2"))
    planned = [{"participationtypemask": 1, "addressused": "a@x.example"}]

    rows = replace_parties([queue, sender], planned, addressed=True)

    assert rows == [*planned, {"participationtypemask": 3, "partyid_queue@odata.bind": "/queues(q1)"}]


def test_users_stay_where_no_addresses_are_listed():
    organizer = Party(7, "ann@ours.example", record=Lookup("systemuser", "u1"))
    planned = [{"participationtypemask": 5, "partyid_contact@odata.bind": "/contacts(c1)"}]

    rows = replace_parties([organizer], planned, addressed=False)

    assert rows == [*planned, {"participationtypemask": 7, "partyid_systemuser@odata.bind": "/systemusers(u1)"}]
