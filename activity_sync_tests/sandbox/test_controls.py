"""The controls that both sandboxes share."""

from datetime import UTC, datetime, timedelta

import pytest

from activity_sync.sandbox.clock import Clock
from activity_sync.sandbox.faults import BadFault, Fault, FaultPlan, fault_from
from activity_sync.sandbox.limits import SlidingWindow
from activity_sync.sandbox.middleware import ConnectionCut
from activity_sync.sandbox.settings import Settings, UnknownSetting
from activity_sync_tests.sandbox.dynamics_organisation import NOON, Organisation, organisation

__all__ = ["organisation"]


def test_settings_change_together_or_not_at_all() -> None:
    settings = Settings()

    with pytest.raises(UnknownSetting, match="laziness"):
        settings.change({"latency_ms": 5, "laziness": 1})

    assert settings.latency_ms == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("latency_ms", "5"),
        ("rewrite_bodies", 1),
        ("dynamics_concurrency", 1.5),
        ("dynamics_tables", "lead"),
        ("log_size", True),
    ],
)
def test_setting_of_another_type_is_refused(name: str, value: object) -> None:
    with pytest.raises(UnknownSetting, match=name):
        Settings().change({name: value})


def test_clock_can_be_held_moved_and_released() -> None:
    clock = Clock()
    clock.hold(NOON)
    clock.advance(90)
    held = clock.now()
    clock.release()

    assert held == NOON + timedelta(seconds=90)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_window_frees_what_is_older_than_its_length() -> None:
    window = SlidingWindow()
    for second in range(3):
        window.take(second)

    assert window.try_take(2.5, seconds=10, limit=3) == 7.5
    assert window.try_take(10.0, seconds=10, limit=3) is None


def test_fault_skips_then_fires_so_many_times() -> None:
    plan = FaultPlan()
    plan.add(Fault("status", method="post", path="/tasks", skip=1, times=2))

    drawn = [plan.draw("POST", "/api/tasks?x=1", route="create") is not None for _ in range(5)]

    assert drawn == [False, True, True, False, False]
    assert plan.shown()[0]["fired"] == 2


def test_fault_with_a_probability_is_repeatable() -> None:
    def draws(seed: int) -> list[bool]:
        plan = FaultPlan(seed=seed)
        plan.add(Fault("status", probability=0.5))
        return [plan.draw("GET", "/", route="get") is not None for _ in range(50)]

    assert draws(1) == draws(1) != draws(2)
    assert 10 < sum(draws(1)) < 40


def test_token_requests_fail_only_when_a_rule_names_them() -> None:
    plan = FaultPlan()
    plan.add(Fault("status"))
    assert plan.draw("POST", "/token", route="token") is None

    plan.add(Fault("status", route="token"))
    assert plan.draw("POST", "/token", route="token") is not None


@pytest.mark.parametrize("given", [{"kind": "rain"}, {"kind": "status", "weather": 1}, {"kind": "slow", "path": "("}])
def test_fault_that_cannot_be_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(BadFault):
        fault_from(given)


def test_admin_endpoints_change_settings_and_are_not_counted(organisation: Organisation) -> None:
    changed = organisation.send("PATCH", "/_sandbox/settings", json={"dynamics_page_size": 3})
    wrong = organisation.send("PATCH", "/_sandbox/settings", json={"dynamics_page_size": "three"})
    organisation.get("WhoAmI")

    assert changed.json()["dynamics_page_size"] == 3
    assert wrong.status_code == 400
    assert organisation.send("GET", "/_sandbox/requests").json()["by_kind"] == {"WhoAmI": 1}


def test_request_log_counts_writes_by_record(organisation: Organisation) -> None:
    contact = organisation.make("contacts", lastname="Fogg")
    organisation.make("tasks", **{"subject": "t", "regardingobjectid_contact_task@odata.bind": f"/contacts({contact})"})
    organisation.post("tasks", {"wrong": 1})
    organisation.delete(f"contacts({contact})")

    seen = organisation.send("GET", "/_sandbox/requests").json()

    assert seen["tokens"] == 1
    assert seen["writes_by_type"] == {"contact": {"create": 1, "delete": 1}, "task": {"create": 1, "delete": 1}}
    assert seen["writes"] == 4
    assert seen["by_status"] == {"204": 3, "400": 1}


def test_status_fault_comes_before_the_request_is_applied(organisation: Organisation) -> None:
    organisation.controls.faults.add(Fault("status", status=503, retry_after=7, times=1))

    refused = organisation.post("tasks", {"subject": "t"})

    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "7"
    assert organisation.values("tasks") == []


@pytest.mark.parametrize("kind", ["drop_after", "truncate"])
def test_cut_after_applying_leaves_the_record(organisation: Organisation, kind: str) -> None:
    organisation.controls.faults.add(Fault(kind, method="POST", times=1))  # type: ignore[arg-type]

    with pytest.raises(ConnectionCut):
        organisation.post("tasks", {"subject": "t"})

    assert len(organisation.values("tasks")) == 1


def test_cut_before_applying_leaves_nothing(organisation: Organisation) -> None:
    organisation.controls.faults.add(Fault("drop_before", method="POST", times=1))

    with pytest.raises(ConnectionCut):
        organisation.post("tasks", {"subject": "t"})

    assert organisation.values("tasks") == []


def test_status_after_applying_leaves_the_record(organisation: Organisation) -> None:
    organisation.controls.faults.add(Fault("status_after", method="POST", status=502, times=1))

    assert organisation.post("tasks", {"subject": "t"}).status_code == 502
    assert len(organisation.values("tasks")) == 1


def test_reset_empties_store_log_and_faults(organisation: Organisation) -> None:
    organisation.make("tasks", subject="t")
    organisation.controls.faults.add(Fault("status"))

    organisation.send("POST", "/_sandbox/reset")

    assert organisation.values("tasks") == []
    assert organisation.controls.requests.total == 1


def test_clock_is_set_over_http(organisation: Organisation) -> None:
    organisation.send("PATCH", "/_sandbox/clock", json={"hold": "2030-01-01T00:00:00+00:00", "advance_seconds": 60})

    assert organisation.send("GET", "/_sandbox/clock").json() == {"now": "2030-01-01T00:01:00+00:00"}
