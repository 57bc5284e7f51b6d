"""`waiting`, `failures` and `held` on a ledger that holds some of everything: what they list, do and refuse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger import Ledger
from activity_sync.ledger.choices import Choice, Decision
from activity_sync.ledger.outstanding import Outstanding, OutstandingState
from activity_sync.ledger.rows import AdoptedLink, LinkChange, LinkState, NewLink
from activity_sync.rules.values import Missing
from activity_sync_tests.cli.commands import answer, in_this_process, refusal

pytestmark = pytest.mark.usefixtures("ledger")

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
HERE, THERE = "hubspot_to_dynamics", "dynamics_to_hubspot"
TASK, CALL = ActivityType.TASK, ActivityType.CALL


def row(source_id: str, state: OutstandingState, *, flow: str = HERE, kind: ActivityType = TASK, **rest) -> Outstanding:
    return Outstanding(flow, kind, source_id, state, **{"since": NOW, "last_seen": NOW} | rest)


def held(source_id: str, reason: str, **rest) -> Outstanding:
    return row(source_id, OutstandingState.HELD, reason=reason, **rest)


ROWS = (
    row(
        "1",
        OutstandingState.DEFERRED,
        reason="unresolved",
        case=29,
        waits_for=(Missing("hubspot", "contact", "51"),),
        transient=True,
        next_try=NOW,
    ),
    row("2", OutstandingState.DEFERRED, kind=CALL, reason="search_lag", since=NOW + timedelta(hours=1)),
    row(
        "11",
        OutstandingState.FAILED,
        reason="0x80040265",
        code="0x80040265",
        message="The … is invalid",
        correlation_id="c-1",
        attempts=3,
        source_version="v1",
    ),
    row("12", OutstandingState.FAILED, kind=CALL, reason="not a time", rule="moment"),
    row("g-13", OutstandingState.FAILED, flow=THERE, reason="not a time", next_try=NOW, transient=True),
    held("21", "ambiguous", candidates=("g-a", "g-b")),
    held("22", "ambiguous", candidates=("g-b",)),
    held("g-b", "ambiguous", flow=THERE, candidates=("21", "22")),
    held("23", "edited_after_delete"),
    held("24", "edited_before_delete"),
    held("25", "uncertain_create"),
    held("26", "oscillating"),
    held("27", "closed"),
    held("28", "merged"),
)


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """The ledger of this environment, with `ROWS`."""
    monkeypatch.setenv("ACTIVITY_SYNC_HOME", str(tmp_path))
    monkeypatch.delenv("ACTIVITY_SYNC_LEDGER_URL", raising=False)
    monkeypatch.delenv("ACTIVITY_SYNC_CONFIG", raising=False)
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as opened:
        opened.record_outstanding(ROWS)
        yield opened


def states(ledger: Ledger) -> dict[str, OutstandingState]:
    return {one.source_id: one.state for one in ledger.list_outstanding()}


def ids(document: list[dict[str, object]]) -> list[object]:
    return [one["id"] for one in document]


class TestLists:
    def test_an_entry_tells_the_contract_first_and_then_more(self):
        [first, _] = answer("waiting")

        assert list(first)[:6] == ["system", "type", "id", "reason", "since", "waits_for"]
        assert first == {
            "system": "hubspot",
            "type": "task",
            "id": "1",
            "reason": "unresolved",
            "since": "2026-11-02T09:30:00+00:00",
            "waits_for": [{"system": "hubspot", "kind": "contact", "id": "51"}],
            "flow": HERE,
            "case": 29,
            "rule": "",
            "code": "",
            "message": "",
            "correlation_id": "",
            "attempts": 1,
            "next_try": "2026-11-02T09:30:00+00:00",
            "overdue": True,
        }

    def test_each_command_lists_its_own_oldest_first(self):
        assert ids(answer("waiting")) == ["1", "2"]
        assert ids(answer("failures", "list")) == ["g-13", "12", "11"]
        assert len(answer("held", "list")) == 9

    @pytest.mark.parametrize(
        ("narrowed", "found"),
        [
            (("--flow", HERE), ["12", "11"]),
            (("--flow", THERE), ["g-13"]),
            (("--type", "call"), ["12"]),
            (("--flow", THERE, "--type", "call"), []),
        ],
    )
    def test_a_flow_and_a_type_narrow_the_list(self, narrowed: tuple[str, ...], found: list[str]):
        assert ids(answer("failures", "list", *narrowed)) == found

    @pytest.mark.parametrize("command", [("waiting",), ("failures", "list"), ("held", "list")])
    def test_unknown_flows_and_types_are_refused(self, command: tuple[str, ...]):
        assert "the flows are hubspot_to_dynamics" in refusal(*command, "--flow", "dynamics_to_salesforce")
        assert "the types are note" in refusal(*command, "--type", "letter")

    def test_for_a_person_there_is_a_row_per_record(self):
        _, waiting, _ = in_this_process("waiting")
        _, failed, _ = in_this_process("failures", "list")
        _, held_records, _ = in_this_process("held", "list")

        assert "hubspot:task/1 " in waiting
        assert "hubspot:contact/51" in waiting
        assert "0x80040265: The … is invalid" in failed
        assert "c-1" in failed
        assert "next run" in failed
        assert "after a change" in failed
        assert "--link ID --create --keep" in held_records
        assert "Reopen the counterpart" in held_records.replace("\n", " ")

    def test_an_empty_list_is_a_sentence(self):
        for command, sentence in (
            (("waiting",), "nothing waits"),
            (("failures", "list"), "nothing has failed"),
            (("held", "list"), "nothing is held"),
        ):
            assert in_this_process(*command, "--type", "meeting") == (0, f"{sentence}\n", "")


class TestFailures:
    def test_retried_records_are_due_in_the_next_run(self, ledger: Ledger):
        found = answer("failures", "retry", "hubspot:task/11")

        assert ids(found) == ["11"]
        assert found[0]["next_try"] is not None
        assert [one.source_id for one in ledger.due(HERE, TASK, datetime.now(tz=UTC))] == ["1", "11"]

    def test_all_that_failed_can_be_retried_narrowed_to_a_type(self, ledger: Ledger):
        answer("failures", "dismiss", "hubspot:task/11")

        assert ids(answer("failures", "retry", "--all", "--type", "task")) == ["g-13"]
        assert ids(answer("failures", "retry", "--all")) == ["g-13", "12"]
        assert states(ledger)["11"] is OutstandingState.DISMISSED

    def test_a_dismissed_record_is_listed_no_more_until_it_is_named_again(self):
        assert ids(answer("failures", "dismiss", "hubspot:task/11", "hubspot:call/12")) == ["11", "12"]
        assert ids(answer("failures", "list")) == ["g-13"]

        answer("failures", "retry", "hubspot:task/11")

        assert ids(answer("failures", "list")) == ["g-13", "11"]

    def test_nothing_is_done_where_one_record_does_not_fit(self, ledger: Ledger):
        assert "it is held" in refusal("failures", "dismiss", "hubspot:task/11", "hubspot:task/21")
        assert "it waits by itself" in refusal("failures", "retry", "hubspot:task/11", "hubspot:task/1")
        assert "nothing is open" in refusal("failures", "retry", "hubspot:task/999")
        assert states(ledger)["11"] is OutstandingState.FAILED
        assert ledger.outstanding(HERE, TASK, ["11"])["11"].next_try is None

    def test_records_or_all_and_not_both(self):
        assert "--all" in refusal("failures", "retry")
        assert "not both" in refusal("failures", "retry", "--all", "hubspot:task/11")
        assert "--flow" in refusal("failures", "retry", "hubspot:task/11", "--flow", THERE)
        assert "Missing argument" in refusal("failures", "dismiss")

    def test_with_nothing_to_retry_all_is_no_error(self):
        assert in_this_process("failures", "retry", "--all", "--type", "note")[:2] == (0, "nothing has failed\n")

    def test_a_person_is_told_what_happens_next(self):
        _, retried, _ = in_this_process("failures", "retry", "hubspot:task/11")
        _, dismissed, _ = in_this_process("failures", "dismiss", "hubspot:task/11")

        assert retried == "the next incremental run tries hubspot:task/11\n"
        assert dismissed == "nobody hears any more of hubspot:task/11\n"


class TestHeld:
    def test_a_held_record_shows_what_it_may_be_and_what_can_be_decided(self):
        found = {one["id"]: one for one in answer("held", "list", "--flow", HERE)}

        assert found["21"]["candidates"] == ["g-a", "g-b"]
        assert found["21"]["choice"] is None
        assert {one: found[one]["options"] for one in found} == {
            "21": ["link", "create", "keep"],
            "22": ["link", "create", "keep"],
            "23": ["create", "keep"],
            "24": ["delete", "keep"],
            "25": ["link", "create"],
            "26": ["release", "keep"],
            "27": [],
            "28": [],
        }

    @pytest.mark.parametrize(
        ("record", "option", "decision"),
        [
            ("21", ("--link", "g-a"), Decision.LINK),
            ("21", ("--link", "dynamics:task/g-a"), Decision.LINK),
            ("21", ("--link", "G-A"), Decision.LINK),
            ("21", ("--create",), Decision.CREATE),
            ("21", ("--keep",), Decision.KEEP),
            ("23", ("--create",), Decision.CREATE),
            ("24", ("--delete",), Decision.DELETE),
            ("25", ("--link", "g-anything"), Decision.LINK),
            ("26", ("--release",), Decision.RELEASE),
        ],
    )
    def test_a_decision_is_stored_and_shown(
        self, ledger: Ledger, record: str, option: tuple[str, ...], decision: Decision
    ):
        [told] = answer("held", "resolve", f"hubspot:task/{record}", *option)

        choice = ledger.choices("hubspot", TASK)[record]
        wanted = "" if decision is not Decision.LINK else option[1].rpartition("/")[2].lower()
        assert (choice.decision, choice.other_id) == (decision, wanted)
        assert told["choice"] == decision
        assert {one["id"]: one["choice"] for one in answer("held", "list")}[record] == decision
        assert states(ledger)[record] is OutstandingState.HELD

    def test_a_later_decision_replaces_an_earlier_one(self, ledger: Ledger):
        answer("held", "resolve", "hubspot:task/21", "--create")
        answer("held", "resolve", "hubspot:task/21", "--link", "g-a")

        assert ledger.choices("hubspot", TASK)["21"].decision is Decision.LINK

    def test_what_was_held_over_the_same_question_is_looked_at_again(self, ledger: Ledger):
        answer("held", "resolve", "hubspot:task/21", "--link", "g-b")

        now = datetime.now(tz=UTC)
        due = [one.source_id for flow in (HERE, THERE) for one in ledger.due(flow, TASK, now)]
        assert due == ["1", "22", "g-13", "g-b"]

    @pytest.mark.parametrize(
        ("record", "options", "says"),
        [
            ("21", (), "give one of --link ID or --create or --keep"),
            ("21", ("--create", "--keep"), "give one of --link ID or --create or --keep"),
            ("21", ("--delete",), "give one of --link ID or --create or --keep"),
            ("21", ("--link", "g-c"), "may be one of g-a, g-b, not g-c"),
            ("21", ("--link", "hubspot:task/21"), "is no task of dynamics"),
            ("21", ("--link", "dynamics:call/g-a"), "is no task of dynamics"),
            ("23", ("--delete",), "give one of --create or --keep"),
            ("24", ("--create",), "give one of --delete or --keep"),
            ("25", ("--keep",), "give one of --link ID or --create"),
            ("26", ("--create",), "give one of --release or --keep"),
            ("27", ("--keep",), "flows.FLOW.TYPE.closed to reopen"),
            ("28", ("--keep",), "Delete one of the two"),
            ("11", ("--create",), "it failed (activity-sync failures list)"),
            ("1", ("--create",), "it waits by itself"),
            ("999", ("--create",), "nothing is open about it"),
        ],
    )
    def test_what_does_not_fit_is_refused_with_what_would(
        self, ledger: Ledger, record: str, options: tuple[str, ...], says: str
    ):
        assert says in refusal("held", "resolve", f"hubspot:task/{record}", *options)
        assert ledger.choices("hubspot", TASK) == {}

    def test_a_record_that_has_a_counterpart_is_nobody_elses(self, ledger: Ledger):
        ledger.adopt([AdoptedLink(TASK, "hubspot", "dynamics", "99", "g-a")], now=NOW)

        said = refusal("held", "resolve", "hubspot:task/21", "--link", "g-a")

        assert said == "dynamics:task/g-a is the counterpart of hubspot:task/99 already"

    def test_whoever_names_the_counterpart_is_told_the_record(self, ledger: Ledger):
        ledger.adopt([AdoptedLink(TASK, "hubspot", "dynamics", "26", "g-26")], now=NOW)

        assert "hubspot:task/26 is: name that one" in refusal("held", "resolve", "dynamics:task/g-26", "--release")

    def test_a_person_is_told_what_happens_next(self):
        _, said, _ = in_this_process("held", "resolve", "hubspot:task/21", "--link", "g-a")

        assert said.replace("\n", " ") == (
            "hubspot:task/21 is held (ambiguous). The next run acts on your decision: link g-a "
        )


class TestUndo:
    @pytest.mark.parametrize("named", ["hubspot:task/31", "dynamics:task/g-31"])
    def test_a_match_is_parted_from_either_side(self, ledger: Ledger, named: str):
        ledger.adopt([AdoptedLink(TASK, "hubspot", "dynamics", "31", "g-31")], now=NOW)

        [told] = answer("held", "undo", named)

        assert told["done"] == "parted"
        assert ledger.links("hubspot", TASK, ["31"]) == {}
        assert ledger.choices("hubspot", TASK)["31"].other_id == "g-31"
        assert ledger.choices("dynamics", TASK)["g-31"].other_id == "31"
        now = datetime.now(tz=UTC)
        assert [one.reason for one in ledger.due(HERE, TASK, now) if one.source_id == "31"] == ["parted"]
        assert [one.reason for one in ledger.due(THERE, TASK, now) if one.source_id == "g-31"] == ["parted"]
        assert "it was parted already" in refusal("held", "undo", named)

    def test_only_flows_that_are_on_look_again(self, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        (tmp_path / "sync.yaml").write_text("flows: {dynamics_to_hubspot: {task: {enabled: false}}}\n", "utf-8")
        monkeypatch.setenv("ACTIVITY_SYNC_CONFIG", str(tmp_path / "sync.yaml"))
        ledger.adopt([AdoptedLink(TASK, "hubspot", "dynamics", "31", "g-31")], now=NOW)

        answer("held", "undo", "hubspot:task/31")

        assert "g-31" not in states(ledger)
        assert states(ledger)["31"] is OutstandingState.DEFERRED

    def test_a_copy_is_not_parted_from_its_original(self, ledger: Ledger):
        made = ledger.announce([NewLink(TASK, "hubspot", "dynamics", "31", key="k")], now=NOW)["31"]
        assert "activity-sync sync" in refusal("held", "undo", "hubspot:task/31")
        ledger.settle([LinkChange(made.id, state=LinkState.LINKED, record_ids={"dynamics": "g-31"})], now=NOW)

        said = refusal("held", "undo", "dynamics:task/g-31")

        assert "dynamics:task/g-31 is the copy that the sync made of hubspot:task/31" in said
        assert ledger.links("hubspot", TASK, ["31"])["31"].state is LinkState.LINKED

    def test_a_decision_that_no_run_has_carried_out_is_taken_back(self, ledger: Ledger):
        answer("held", "resolve", "hubspot:task/21", "--create")

        [told] = answer("held", "undo", "hubspot:task/21")

        assert told["done"] == "taken_back"
        assert ledger.choices("hubspot", TASK) == {}
        assert states(ledger)["21"] is OutstandingState.HELD

    def test_a_record_that_was_to_be_left_alone_is_decided_again(self, ledger: Ledger):
        ledger.choose([Choice("hubspot", TASK, "31", Decision.KEEP, NOW)])

        answer("held", "undo", "hubspot:task/31")

        [row] = [one for one in ledger.due(HERE, TASK, datetime.now(tz=UTC)) if one.source_id == "31"]
        assert row.reason == "taken_back"

    def test_where_there_is_nothing_to_undo_it_is_said(self, ledger: Ledger):
        link = ledger.adopt([AdoptedLink(TASK, "hubspot", "dynamics", "31", "g-31")], now=NOW)["31"]
        ledger.settle([LinkChange(link.id, state=LinkState.TOMBSTONED)], now=NOW)

        assert "its link has ended" in refusal("held", "undo", "hubspot:task/31")
        assert "nobody decided about it" in refusal("held", "undo", "hubspot:task/21")
        assert "names no record" in refusal("held", "undo", "21")


def test_the_contract_counts_nothing_twice(ledger: Ledger):
    """A dismissed record is in none of the three lists."""
    ledger.dismiss_failed([replace(ROWS[2])])

    listed = [*answer("waiting"), *answer("failures", "list"), *answer("held", "list")]

    assert len(listed) == len(ROWS) - 1
