"""The state machine of activities: recording what is done, closing, reopening, and never sending."""

import pytest

from activity_sync_tests.sandbox.dynamics_organisation import Organisation, organisation, refusal

__all__ = ["organisation"]

TIMES = {"scheduledstart": "2026-01-01T10:00:00Z", "scheduledend": "2026-01-01T11:30:00Z"}


def states(organisation: Organisation, path: str) -> tuple[int, int, str | None]:
    read = organisation.get(path).json()
    return read["statecode"], read["statuscode"], read["actualend"]


@pytest.mark.parametrize(
    ("set_name", "status"), [("tasks", 2), ("phonecalls", 1), ("emails", 1), ("appointments", 1), ("letters", 2)]
)
def test_new_activity_is_open_with_its_tables_default_reason(
    organisation: Organisation, set_name: str, status: int
) -> None:
    made = organisation.make(set_name, subject="s", **(TIMES if set_name == "appointments" else {}))

    assert states(organisation, f"{set_name}({made})") == (0, status, None)


def test_state_on_create_is_ignored_but_a_closed_reason_is_refused(organisation: Organisation) -> None:
    ignored = organisation.make("tasks", subject="t", statecode=1)
    refused = organisation.post("tasks", {"subject": "t", "statecode": 2, "statuscode": 6})

    assert states(organisation, f"tasks({ignored})") == (0, 2, None)
    assert refusal(refused) == (400, "0x80048408")
    assert "6 is not a valid status code for state code TaskState.Open" in refused.json()["error"]["message"]


def test_open_reason_is_taken_on_create(organisation: Organisation) -> None:
    assert states(organisation, f"tasks({organisation.make('tasks', subject='t', statuscode=7)})") == (0, 7, None)


@pytest.mark.parametrize(
    ("set_name", "state", "status"),
    [
        ("tasks", 1, 5),
        ("tasks", 2, 6),
        ("phonecalls", 1, 2),
        ("emails", 1, 2),
        ("appointments", 1, 3),
        ("appointments", 3, 5),
        ("letters", 1, 4),
    ],
)
def test_state_alone_takes_its_default_reason(
    organisation: Organisation, set_name: str, state: int, status: int
) -> None:
    made = organisation.make(set_name, subject="s", **(TIMES if set_name == "appointments" else {}))
    organisation.patch(f"{set_name}({made})", {"statecode": state})

    assert states(organisation, f"{set_name}({made})")[:2] == (state, status)


def test_reason_alone_does_not_move_the_state(organisation: Organisation) -> None:
    task = organisation.make("tasks", subject="t")

    assert refusal(organisation.patch(f"tasks({task})", {"statuscode": 5})) == (400, "0x80048408")
    assert organisation.patch(f"tasks({task})", {"statuscode": 3}).status_code == 204


def test_completing_fills_the_end_unless_it_is_given(organisation: Organisation) -> None:
    silent, told = organisation.make("tasks", subject="t"), organisation.make("tasks", subject="t")
    organisation.patch(f"tasks({silent})", {"statecode": 1, "statuscode": 5})
    organisation.patch(f"tasks({told})", {"statecode": 1, "statuscode": 5, "actualend": "2026-01-02T03:04:05Z"})

    assert states(organisation, f"tasks({silent})") == (1, 5, "2026-11-21T12:00:00Z")
    assert states(organisation, f"tasks({told})") == (1, 5, "2026-01-02T03:04:05Z")


def test_closed_activity_is_edited_by_reopening_editing_closing(organisation: Organisation) -> None:
    task = organisation.make("tasks", subject="t")
    organisation.patch(f"tasks({task})", {"statecode": 1, "statuscode": 5})

    locked = organisation.patch(f"tasks({task})", {"subject": "u"})
    both = organisation.patch(f"tasks({task})", {"subject": "u", "statecode": 0, "statuscode": 2})
    steps = [
        organisation.patch(f"tasks({task})", body).status_code
        for body in ({"statecode": 0, "statuscode": 2}, {"subject": "u"}, {"statecode": 1, "statuscode": 5})
    ]

    assert refusal(locked) == refusal(both) == (400, "0x80040230")
    assert steps == [204, 204, 204]
    assert organisation.get(f"tasks({task})").json()["subject"] == "u"


def test_reopening_clears_the_end(organisation: Organisation) -> None:
    task = organisation.make("tasks", subject="t")
    organisation.patch(f"tasks({task})", {"statecode": 1})
    organisation.patch(f"tasks({task})", {"statecode": 0})

    assert states(organisation, f"tasks({task})") == (0, 2, None)


def test_lock_of_closed_activities_can_be_lifted(organisation: Organisation) -> None:
    organisation.set(dynamics_closed_is_locked=False)
    task = organisation.make("tasks", subject="t")
    organisation.patch(f"tasks({task})", {"statecode": 1})

    assert organisation.patch(f"tasks({task})", {"subject": "u"}).status_code == 204


def test_scheduled_appointment_is_not_closed(organisation: Organisation) -> None:
    meeting = organisation.make("appointments", subject="m", **TIMES)
    organisation.patch(f"appointments({meeting})", {"statecode": 3, "statuscode": 5})

    assert organisation.patch(f"appointments({meeting})", {"subject": "n"}).status_code == 204


def test_closed_activity_takes_a_note_and_can_be_deleted(organisation: Organisation) -> None:
    task = organisation.make("tasks", subject="t")
    organisation.patch(f"tasks({task})", {"statecode": 1})

    assert organisation.post("annotations", {"objectid_task@odata.bind": f"/tasks({task})"}).status_code == 204
    assert organisation.delete(f"tasks({task})").status_code == 204


@pytest.mark.parametrize("status", [6, 7])
def test_mail_handed_to_delivery_is_told_in_the_dump(organisation: Organisation, status: int) -> None:
    recorded, sent = organisation.make("emails", subject="e"), organisation.make("emails", subject="e")
    organisation.patch(f"emails({recorded})", {"statecode": 1, "statuscode": 3})
    organisation.patch(f"emails({sent})", {"statecode": 1, "statuscode": status})

    assert organisation.send("GET", "/_sandbox/dump").json()["sent_emails"] == [sent]


def test_status_reason_may_not_be_null(organisation: Organisation) -> None:
    email = organisation.make("emails", subject="e")
    organisation.patch(f"emails({email})", {"statuscode": None})

    assert organisation.get(f"emails({email})").json()["statuscode"] == 1


def test_appointment_needs_both_times_and_counts_its_length(organisation: Organisation) -> None:
    refused = organisation.post("appointments", {"subject": "m", "scheduledstart": TIMES["scheduledstart"]})
    meeting = organisation.make("appointments", subject="m", **TIMES)

    assert refusal(refused) == (400, "0x80040200")
    assert organisation.get(f"appointments({meeting})").json()["scheduleddurationminutes"] == 90


def test_inactive_contact_can_still_be_edited(organisation: Organisation) -> None:
    contact = organisation.make("contacts", lastname="F")
    organisation.patch(f"contacts({contact})", {"statecode": 1, "statuscode": 2})

    assert organisation.patch(f"contacts({contact})", {"lastname": "G"}).status_code == 204
    assert organisation.get(f"contacts({contact})").json()["fullname"] == "G"


def test_status_seen_through_activitypointers_is_not_the_tables_own(organisation: Organisation) -> None:
    call = organisation.make("phonecalls", subject="p")
    organisation.patch(f"phonecalls({call})", {"statecode": 1, "statuscode": 4})

    seen = organisation.get(f"activitypointers({call})").json()
    assert (seen["activitytypecode"], seen["statecode"], seen["statuscode"]) == ("phonecall", 1, 2)
    assert "phonenumber" not in seen
