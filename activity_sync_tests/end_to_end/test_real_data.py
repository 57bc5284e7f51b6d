"""Real mails, calendars and recorded activities, in both directions. docs/real-data.md says what is given."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from activity_sync_tests.end_to_end.bridge import totals
from activity_sync_tests.end_to_end.real_data import DATA, PAGE
from activity_sync_tests.end_to_end.real_data.calendars import read_calendars
from activity_sync_tests.end_to_end.real_data.crossing import Crossed, all_given, carry, crossing
from activity_sync_tests.end_to_end.real_data.mails import read_mail, read_mails
from activity_sync_tests.end_to_end.real_data.page import counts_table, losses_table, updated
from activity_sync_tests.end_to_end.real_data.recordings import given_recordings
from activity_sync_tests.end_to_end.real_data.visible import sent_letters, sent_subject, shown_letters, shown_subject

_ENOUGH = 0.95

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="shared data is not beside the project")


@pytest.mark.slow
def test_real_activities_cross_whole_and_once() -> None:
    given = all_given()

    with crossing() as bridge:
        crossed = carry(bridge, given)
        bridge.forget()
        again = bridge.sync()
        written = bridge.writes()

    assert _shares_created(crossed, below=_ENOUGH) == {}
    created = [one for one in crossed if one.outcome == "created"]
    assert [one.given.name for one in crossed if one not in created and not (one.outcome and one.reason)] == []
    assert [one.given.name for one in created if sent_letters(one) not in shown_letters(one)] == []
    assert [one.given.name for one in created if sent_subject(one) and sent_subject(one) != shown_subject(one)] == []
    # Each record is read again, and so is its copy; nothing is left to do.
    assert (written, totals(again)["unchanged"]) == (0, totals(again)["extracted"])
    page = PAGE.read_text(encoding="utf-8")
    assert counts_table(crossed) in page
    assert losses_table(crossed) in page


def test_every_file_and_every_line_gives_an_activity_for_each_system() -> None:
    mails, calendars = (sorted(path.name for path in (DATA / name).glob(f"*.{end}")) for name, end in _FOLDERS)
    lines = {
        system: len((DATA / f"{system}_activities.jsonl").read_text(encoding="utf-8").splitlines())
        for system in ("hubspot", "dynamics")
    }

    assert [mail.name for mail in read_mails(DATA / "mails")] == mails
    assert sorted({event.name.partition("#")[0] for event in read_calendars(DATA / "calendar")}) == calendars
    assert {system: len(given_recordings(DATA, system)) for system in lines} == lines
    assert (len(mails), len(calendars), lines) == (106, 76, {"hubspot": 72, "dynamics": 8})


def test_mail_in_broken_multipart_is_read_as_far_as_it_goes() -> None:
    mail = read_mail(
        "broken",
        b"Subject: =?iso-8859-1?Q?Gr=FC=DFe?=\nFrom: Ada <ada@acme.example>\nDate: soon\n"
        b'Content-Type: multipart/mixed; boundary="never"\n\nHello, all the same\n',
    )

    assert (mail.subject, mail.people["from"]) == ("Gr\u00fc\u00dfe", [("Ada", "ada@acme.example")])
    assert (mail.text.strip(), mail.html, mail.sent) == ("Hello, all the same", "", None)


def test_calendar_that_is_no_calendar_gives_the_lines_that_can_be_read() -> None:
    events = {event.name: event for event in read_calendars(DATA / "calendar")}

    broken = events["026_icalendar_issue_104_broken_calendar.ics#1"]

    assert (broken.subject, broken.start) == ("Broken Eevnt", datetime(2014, 4, 1, tzinfo=UTC))


def test_page_without_a_place_for_the_counts_is_refused() -> None:
    with pytest.raises(ValueError, match="does not say where"):
        updated("# Real data", [], datetime.now(tz=UTC).date())


_FOLDERS = (("mails", "eml"), ("calendar", "ics"))


def _shares_created(crossed: list[Crossed], *, below: float) -> dict[tuple[str, str], float]:
    """The share of activities created, of each source and flow where it is too small."""
    groups = {(one.given.source, one.given.flow) for one in crossed}
    shares = {}
    for source, flow in groups:
        outcomes = [one.outcome for one in crossed if (one.given.source, one.given.flow) == (source, flow)]
        shares[source, flow] = outcomes.count("created") / len(outcomes)
    return {group: share for group, share in shares.items() if share < below}
