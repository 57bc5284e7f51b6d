"""`activity-sync check` over both sandboxes: what it finds, what it changes, and that else it changes nothing."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from activity_sync.findings import Level
from activity_sync_tests.cli.commands import activity_sync, closed_port, in_this_process, the_document
from activity_sync_tests.end_to_end.bridge import Bridge, ago, iso
from activity_sync_tests.end_to_end.conftest import make_bridge
from activity_sync_tests.end_to_end.customised import customise
from activity_sync_tests.end_to_end.people import populate

TRACKING = {"activity_sync_key", "activity_sync_source_system", "activity_sync_source_id", "activity_sync_source_url"}


def check(*arguments: str) -> tuple[int, dict[str, dict[str, str]]]:
    """The exit code, and the findings by name; no name stands there twice."""
    code, out, err = in_this_process("check", *arguments, "--json")
    document = json.loads(out)
    assert isinstance(document, list), out + err
    assert all(list(one) == ["name", "level", "message", "remedy"] for one in document)
    assert {one["level"] for one in document} <= set(Level)
    found = {one["name"]: one for one in document}
    assert len(found) == len(document)
    return code, found


def levels(found: dict[str, dict[str, str]], level: str) -> set[str]:
    return {name for name, one in found.items() if one["level"] == level}


def portal(bridge: Bridge, **settings: Any) -> None:
    bridge.sandboxes.hubspot.controls.settings.change(settings)


def organization(bridge: Bridge, **settings: Any) -> None:
    bridge.sandboxes.dynamics.controls.settings.change(settings)


def properties(bridge: Bridge, kind: str) -> set[str]:
    return set(bridge.sandboxes.hubspot.store.schema.properties[kind])


@pytest.fixture
def ready(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> Bridge:
    """Both systems with people, and nothing to complain about but what nobody can check."""
    for variable in [name for name in os.environ if name.startswith("ACTIVITY_SYNC_TEST_")]:
        monkeypatch.delenv(variable)  # what the tests are told, `check` does not know
    populate(bridge)
    organization(bridge, dynamics_change_tracking=["annotation", "task", "phonecall", "email", "appointment"])
    bridge.configure(
        "owners: {fallback: olga@ourfirm.example}\n"
        "tracking: {counterpart_id: {hubspot.deal: dynamics_opportunity_id}}\n"
    )
    return bridge


# --- what is right -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("ready")
def test_what_a_write_alone_could_prove_is_never_called_ok():
    check("--fix")

    code, found = check()

    assert code == 0
    assert levels(found, "error") == set()
    assert levels(found, "warning") == {
        "hubspot.scopes.write",
        "hubspot.scopes.sales-email-read",
        "owners.hubspot_to_dynamics",
        "owners.dynamics_to_hubspot",
    }
    assert found["hubspot.scopes.write"]["message"].startswith("cannot be checked without writing: ")
    assert all(one["remedy"] for one in found.values() if one["level"] != "ok")


def test_plain_check_writes_nothing_to_either_system(ready: Bridge):
    before = [ready.sandboxes.hubspot.store.dump(), ready.sandboxes.dynamics.store.dump()]
    defined = {kind: properties(ready, kind) for kind in ("notes", "tasks", "calls", "emails", "meetings")}
    ready.forget()

    check()

    assert {method for method, _ in asked(ready, "hubspot")} == {"GET"}
    assert asked(ready, "dynamics") == {("POST", "token"), ("POST", "$batch")}
    operations = set(ready.asked("dynamics")["operations"])
    assert operations <= {"metadata", "list", "WhoAmI", "RetrieveUserPrivileges"}
    assert ready.writes() == 0
    assert [ready.sandboxes.hubspot.store.dump(), ready.sandboxes.dynamics.store.dump()] == before
    assert {kind: properties(ready, kind) for kind in defined} == defined


def test_plain_check_begins_no_ledger_and_makes_no_key(ready: Bridge):
    check()

    assert not list((ready.home / "home").glob("ledger*"))
    assert not (ready.home / "home" / "key").exists()
    assert not (ready.home / "home" / "staging").exists()


def test_fix_creates_what_is_missing_and_the_sync_then_creates_nothing(ready: Bridge):
    code, found = check("--fix")

    assert code == 0
    for plural, kind in (("notes", "note"), ("tasks", "task"), ("calls", "call"), ("meetings", "meeting")):
        assert properties(ready, plural) >= TRACKING
        assert found[f"hubspot.tracking.{kind}.created"]["level"] == "ok"
        assert found[f"hubspot.tracking.{kind}"]["level"] == "ok"
    ready.forget()
    _, again = check("--fix")
    assert not [name for name in again if name.endswith(".created")]
    assert {method for method, _ in asked(ready, "hubspot")} == {"GET"}


def test_fix_touches_only_types_that_hubspot_receives(ready: Bridge):
    ready.configure("flows: {dynamics_to_hubspot: {call: {enabled: false}}}")

    check("--fix")

    assert properties(ready, "tasks") >= TRACKING
    assert not properties(ready, "calls") & TRACKING


@pytest.mark.usefixtures("ready")
def test_for_a_person_there_is_a_line_for_each_finding_and_a_remedy_below():
    code, out, _ = in_this_process("check")

    lines = out.splitlines()
    assert code == 0
    assert any(line.startswith("warning hubspot.scopes.write: cannot be checked") for line in lines)
    assert any(line.strip().startswith("→ see that it has the scope") for line in lines)
    assert lines[-1].endswith(" 0 error")


# --- environment and configuration -------------------------------------------------------------------------------


def test_every_missing_variable_is_named_at_once_and_nobody_is_asked(bridge: Bridge, monkeypatch: pytest.MonkeyPatch):
    names = [name for name in os.environ if name.startswith(("HUBSPOT_", "DYNAMICS_"))]
    for name in names:
        monkeypatch.delenv(name)
    bridge.forget()

    code, found = check()

    assert code == 2
    assert levels(found, "error") == {
        "environment.HUBSPOT_ACCESS_TOKEN",
        "environment.DYNAMICS_URL",
        "environment.DYNAMICS_TENANT_ID",
        "environment.DYNAMICS_CLIENT_ID",
        "environment.DYNAMICS_CLIENT_SECRET",
    }
    assert "HUBSPOT_ACCESS_TOKEN_FILE" in found["environment.HUBSPOT_ACCESS_TOKEN"]["remedy"]
    assert bridge.asked("hubspot")["total"] == bridge.asked("dynamics")["total"] == 0


@pytest.mark.usefixtures("bridge")
def test_two_unusable_variables_are_two_errors(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HUBSPOT_API_VERSION", "v1")
    monkeypatch.setenv("DYNAMICS_URL", "http://org.crm.dynamics.com")

    code, found = check()

    assert code == 2
    assert "2026-09" in found["environment.HUBSPOT_API_VERSION"]["remedy"]
    assert "https" in found["environment.DYNAMICS_URL"]["message"] + found["environment.DYNAMICS_URL"]["remedy"]
    for name in ("hubspot.connection", "dynamics.connection"):
        assert found[name]["message"].startswith("not tried")


@pytest.mark.usefixtures("bridge")
def test_a_misspelt_variable_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HUBSPOT_ACCES_TOKEN", "x")

    _, found = check()

    assert found["environment.HUBSPOT_ACCES_TOKEN"]["level"] == "warning"
    assert "HUBSPOT_ACCESS_TOKEN" in found["environment.HUBSPOT_ACCES_TOKEN"]["remedy"]


def test_a_key_file_that_others_may_read_is_a_warning(bridge: Bridge):
    key = bridge.home / "home" / "key"
    key.parent.mkdir()
    key.write_text("0" * 64, encoding="ascii")
    key.chmod(0o644)

    _, found = check()

    assert found["environment.key"]["level"] == "warning"
    assert found["environment.key"]["remedy"] == f"chmod 600 {key}"


def test_an_empty_key_file_is_an_error(bridge: Bridge):
    (bridge.home / "home").mkdir()
    (bridge.home / "home" / "key").touch()

    code, found = check()

    assert code == 2
    assert found["environment.key"]["level"] == "error"


@pytest.mark.usefixtures("bridge")
def test_a_home_that_is_a_file_is_an_error_and_the_systems_are_looked_at_all_the_same(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ACTIVITY_SYNC_HOME", __file__)

    code, found = check()

    assert code == 2
    assert {"environment.home", "staging"} <= levels(found, "error")
    assert found["hubspot.connection"]["level"] == "ok"


@pytest.mark.usefixtures("bridge")
def test_staging_in_an_unknown_kind_of_store_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ACTIVITY_SYNC_STAGING", "nowhere://bucket/path")

    code, found = check()

    assert code == 2
    assert "no object store" in found["staging"]["message"]


@pytest.mark.usefixtures("bridge")
def test_a_dagster_home_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "nowhere"))

    code, found = check()

    assert code == 2
    assert found["environment.dagster_home"]["level"] == "error"


def test_a_broken_configuration_is_an_error_and_connections_are_looked_at_all_the_same(bridge: Bridge):
    bridge.configure("flwos: {}\n")

    code, found = check()

    assert code == 2
    assert [name for name in levels(found, "error") if name.startswith("configuration")]
    assert found["hubspot.connection"]["level"] == found["dynamics.connection"]["level"] == "ok"
    assert "hubspot.scopes.write" not in found


def test_receivers_of_alerts_need_an_address(bridge: Bridge, monkeypatch: pytest.MonkeyPatch):
    bridge.configure(
        "alerts: {to: [slack, teams, email], email: {server: mail, sender: s@x.example, to: [t@x.example]}}"
    )
    monkeypatch.setenv("ACTIVITY_SYNC_SLACK_URL", f"http://127.0.0.1:{closed_port()}/hook")

    code, found = check()

    assert code == 2
    assert {name: found[f"alerts.{name}"]["level"] for name in ("slack", "teams", "email")} == {
        "slack": "ok",
        "teams": "error",
        "email": "warning",
    }
    assert "ACTIVITY_SYNC_TEAMS_URL" in found["alerts.teams"]["remedy"]


def test_a_secret_that_everybody_may_read_is_a_warning(ready: Bridge, monkeypatch: pytest.MonkeyPatch):
    path = ready.home / "token"
    path.write_text(os.environ["HUBSPOT_ACCESS_TOKEN"], encoding="ascii")
    monkeypatch.delenv("HUBSPOT_ACCESS_TOKEN")
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN_FILE", str(path))

    path.chmod(0o644)
    _, open_to_all = check()
    path.chmod(0o640)
    _, private = check()

    assert open_to_all["environment.HUBSPOT_ACCESS_TOKEN_FILE.mode"]["remedy"] == f"chmod 600 {path}"
    assert "environment.HUBSPOT_ACCESS_TOKEN_FILE.mode" not in private
    assert private["environment.HUBSPOT_ACCESS_TOKEN_FILE"]["message"] == "HUBSPOT_ACCESS_TOKEN_FILE is set"
    assert private["hubspot.connection"]["level"] == "ok"


def test_a_configuration_that_carries_nothing_is_a_warning_and_asks_for_no_rights(ready: Bridge):
    off = ", ".join(f"{kind}: {{enabled: false}}" for kind in ("note", "task", "call", "email", "meeting"))
    ready.configure(f"flows: {{hubspot_to_dynamics: {{{off}}}, dynamics_to_hubspot: {{{off}}}}}")

    code, found = check()

    assert code == 0
    assert found["configuration"]["level"] == "warning"
    assert not {"hubspot.scopes.write", "hubspot.scopes.tasks", "owners.hubspot_to_dynamics"} & set(found)


# --- connection, clocks, accounts --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "finding"),
    [
        ("HUBSPOT_ACCESS_TOKEN", "wrong", "hubspot.connection"),
        ("DYNAMICS_CLIENT_SECRET", "wrong", "dynamics.connection"),
        ("HUBSPOT_BASE_URL", "closed", "hubspot.connection"),
        ("DYNAMICS_AUTHORITY", "closed", "dynamics.connection"),
    ],
)
@pytest.mark.usefixtures("bridge")
def test_a_system_that_cannot_be_opened_is_a_systemic_error(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, finding: str
):
    monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}" if value == "closed" else value)

    code, found = check()

    assert code == 3
    assert levels(found, "error") == {finding}
    assert name in found[finding]["remedy"]


@pytest.mark.parametrize(("seconds", "word"), [(400, "ahead of"), (-400, "behind")])
def test_clocks_that_differ_are_a_warning(bridge: Bridge, seconds: int, word: str):
    bridge.sandboxes.hubspot.controls.clock.advance(seconds)

    _, found = check()

    assert found["hubspot.clock"]["level"] == "warning"
    assert word in found["hubspot.clock"]["message"]
    assert found["dynamics.clock"]["level"] == "ok"


def test_a_ledger_of_another_account_is_a_systemic_error(ready: Bridge):
    with ready.ledger() as ledger:
        ledger.confirm_accounts({"hubspot": "1", "dynamics": "2"})
    (ready.home / "home" / "key").write_text("0" * 64, encoding="ascii")
    (ready.home / "home" / "key").chmod(0o600)

    code, found = check()

    assert code == 3
    assert levels(found, "error") == {"ledger.accounts.hubspot", "ledger.accounts.dynamics"}


def test_a_ledger_whose_key_is_gone_is_an_error(ready: Bridge):
    with ready.ledger() as ledger:
        ledger.confirm_accounts({"hubspot": "8727216"})

    code, found = check()

    assert code == 2
    assert "ACTIVITY_SYNC_KEY" in found["ledger.key"]["remedy"]


def test_the_ledger_of_these_accounts_is_ok(ready: Bridge):
    ready.sync()

    _, found = check()

    assert found["ledger"]["message"] == "the ledger can be used, and belongs to these accounts"


# --- HubSpot -----------------------------------------------------------------------------------------------------


def test_each_missing_scope_is_an_error_that_names_it(ready: Bridge):
    portal(ready, hubspot_scopes=["crm.objects.contacts.read"])

    code, found = check()

    assert code == 3
    assert {name: found[name]["remedy"].rpartition(" ")[2] for name in levels(found, "error")} == {
        "hubspot.scopes.companies": "crm.objects.companies.read",
        "hubspot.scopes.deals": "crm.objects.deals.read",
        "hubspot.scopes.tickets": "tickets",
        "hubspot.scopes.owners": "crm.objects.owners.read",
    }


def test_a_token_without_any_scope_is_told_for_each_type(ready: Bridge):
    portal(ready, hubspot_scopes=["oauth"])

    code, found = check()

    assert code == 3
    assert found["hubspot.connection"]["level"] == "ok"
    assert {f"hubspot.scopes.{one}" for one in ("notes", "tasks", "calls", "emails", "meetings", "contacts")} <= levels(
        found, "error"
    )
    assert found["hubspot.scopes.tasks.definitions"]["level"] == "error"


def test_fix_without_the_schema_scope_says_what_to_grant(ready: Bridge):
    portal(
        ready,
        hubspot_scopes=[
            "crm.objects.contacts.read",
            "crm.objects.companies.read",
            "crm.objects.deals.read",
            "tickets",
            "crm.objects.owners.read",
        ],
    )

    code, found = check("--fix")

    assert code == 0
    assert "crm.schemas.contacts.write" in found["hubspot.tracking.task.refused"]["remedy"]
    assert "activity_sync_key" in found["hubspot.tracking.task.missing"]["message"]


def test_a_portal_without_unique_properties_is_a_warning_with_its_consequence(ready: Bridge):
    portal(ready, allow_unique_properties=False)

    code, found = check("--fix")

    assert code == 0
    assert "quarter of an hour" in found["hubspot.tracking.task.unique"]["message"]
    assert properties(ready, "tasks") >= TRACKING


def test_a_tracking_property_of_another_type_is_an_error(ready: Bridge):
    ready.seed(
        {
            "hubspot": {
                "properties": {
                    "tasks": [
                        {
                            "name": "activity_sync_key",
                            "label": "Key",
                            "groupName": "task",
                            "type": "number",
                            "fieldType": "number",
                        }
                    ]
                }
            }
        }
    )

    code, found = check()

    assert code == 2
    assert "number" in found["hubspot.tracking.task.activity_sync_key"]["message"]


def test_missing_properties_are_created_by_a_sync_only_where_it_may(ready: Bridge):
    _, shipped = check()
    ready.configure("tracking: {create: false}")
    _, without = check()

    assert "first sync" in shipped["hubspot.tracking.task.missing"]["remedy"]
    assert "first sync" not in without["hubspot.tracking.task.missing"]["remedy"]
    assert "hubspot.scopes.schemas" in shipped
    assert "hubspot.scopes.schemas" not in without


@pytest.mark.parametrize("spelling", ["CANCELED", "CANCELLED"])
def test_either_spelling_of_a_cancelled_meeting_will_do(ready: Bridge, spelling: str):
    change_options(
        ready, "meetings", "hs_meeting_outcome", ["SCHEDULED", "COMPLETED", "RESCHEDULED", "NO_SHOW", spelling]
    )

    _, found = check()

    assert found["hubspot.mapping.meeting"]["level"] == "ok"


def test_a_missing_option_is_a_warning_that_names_the_value(ready: Bridge):
    change_options(ready, "meetings", "hs_meeting_outcome", ["SCHEDULED", "COMPLETED", "RESCHEDULED", "NO_SHOW"])

    _, found = check()

    assert found["hubspot.mapping.meeting.hs_meeting_outcome"]["level"] == "warning"
    assert "no option for cancelled" in found["hubspot.mapping.meeting.hs_meeting_outcome"]["message"]


def test_a_property_that_the_mapping_writes_and_the_portal_lacks_is_a_warning(ready: Bridge):
    del ready.sandboxes.hubspot.store.schema.properties["calls"]["hs_call_duration"]

    _, found = check()

    assert "hs_call_duration" in found["hubspot.mapping.call.hs_call_duration"]["message"]
    assert found["hubspot.mapping.call.hs_call_duration"]["level"] == "warning"


@pytest.mark.parametrize(
    ("version", "level", "day"),
    [("2026-09", "ok", "2028-03-08"), ("2026-03", "ok", "2027-09-30"), ("v3", "warning", "2027-03-30")],
)
@pytest.mark.usefixtures("bridge")
def test_the_end_of_the_api_version_is_told(monkeypatch: pytest.MonkeyPatch, version: str, level: str, day: str):
    monkeypatch.setenv("HUBSPOT_API_VERSION", version)

    _, found = check()

    assert found["hubspot.api_version"]["level"] == level
    assert day in found["hubspot.api_version"]["message"]
    assert levels(found, "error") == set()


def test_emails_that_show_their_content_prove_the_scope(ready: Bridge):
    mail = {
        "id": "501",
        "properties": {"hs_email_text": "Hello", "hs_timestamp": iso(ago(days=1)), "hs_email_direction": "EMAIL"},
        "createdAt": iso(ago(days=1)),
        "updatedAt": iso(ago(days=1)),
    }
    ready.seed({"hubspot": {"objects": {"emails": [mail]}}})

    _, shown = check()
    ready.people.edit_hubspot("emails", "501", {"hs_email_text": ""})
    _, empty = check()

    assert shown["hubspot.scopes.sales-email-read"]["level"] == "ok"
    assert empty["hubspot.scopes.sales-email-read"]["level"] == "warning"
    assert "none of the first 1 emails" in empty["hubspot.scopes.sales-email-read"]["message"]


def test_a_missing_counterpart_property_is_a_warning(bridge: Bridge):
    populate(bridge)

    _, found = check()

    assert found["hubspot.counterpart_id.deal"]["level"] == "ok"
    assert {
        "hubspot.counterpart_id.ticket",
        "dynamics.counterpart_id.deal",
        "dynamics.counterpart_id.ticket",
    } <= levels(found, "warning")


def test_kinds_that_are_made_have_a_place_for_our_key_or_it_is_told(ready: Bridge):
    ready.configure("create_missing: {dynamics_to_hubspot: {contact: true, company: true}}")

    _, before = check()
    _, after = check("--fix")

    assert "activity_sync_key" in before["hubspot.tracking.company.missing"]["message"]
    assert after["hubspot.tracking.contact"]["level"] == after["hubspot.tracking.company"]["level"] == "ok"


def test_files_that_may_not_be_read_are_a_warning_unless_nobody_asks_for_them(ready: Bridge):
    records = ["crm.objects.contacts.read", "crm.objects.companies.read", "crm.objects.deals.read", "tickets"]
    portal(ready, hubspot_scopes=[*records, "crm.objects.owners.read"])
    organization(ready, dynamics_missing_privileges=["prvReadNote"])
    notes_off = "flows: {hubspot_to_dynamics: {note: {enabled: false}}, dynamics_to_hubspot: {note: {enabled: false}}}"
    ready.configure(notes_off)

    code, found = check()

    assert code == 0
    assert {"hubspot.scopes.files", "dynamics.privileges.prvReadNote"} <= levels(found, "warning")
    assert "scope files" in found["hubspot.scopes.files"]["remedy"]
    portal(ready, hubspot_scopes=[*records, "crm.objects.owners.read", "files.ui_hidden.read"])
    assert check()[1]["hubspot.scopes.files"]["level"] == "ok"

    ready.configure(f"{notes_off}\nattachments: {{files: true}}")
    organization(ready, dynamics_missing_privileges=["prvCreateNote"])

    code, found = check()

    assert code == 0
    assert "scope files" in found["hubspot.scopes.files.write"]["remedy"]
    assert "add prvCreateNote" in found["dynamics.privileges.prvCreateNote"]["remedy"]

    ready.configure(f"{notes_off}\nattachments: {{links: false}}")

    _, found = check()

    names = {"hubspot.scopes.files", "hubspot.scopes.files.write", "dynamics.privileges.prvReadNote"}
    assert not names & set(found)


# --- Dynamics ----------------------------------------------------------------------------------------------------


def test_a_missing_privilege_is_an_error_that_names_it(ready: Bridge):
    organization(ready, dynamics_missing_privileges=["prvCreateActivity", "prvAppendToContact"])

    code, found = check()

    assert code == 3
    assert levels(found, "error") == {
        "dynamics.privileges.prvCreateActivity",
        "dynamics.privileges.prvAppendToContact",
    }
    assert "security role" in found["dynamics.privileges.prvCreateActivity"]["remedy"]


def test_privileges_that_nothing_needs_are_not_asked_for(ready: Bridge):
    organization(ready, dynamics_missing_privileges=["prvCreateActivity", "prvDeleteActivity", "prvDeleteNote"])
    off = ", ".join(f"{kind}: {{enabled: false}}" for kind in ("task", "call", "email", "meeting"))
    ready.configure(f"flows: {{hubspot_to_dynamics: {{{off}}}}}")

    code, found = check()

    assert code == 0
    assert found["dynamics.privileges"]["level"] == "ok"


def test_archiving_needs_the_delete_privilege(ready: Bridge):
    organization(ready, dynamics_missing_privileges=["prvDeleteActivity"])
    ready.configure("flows: {hubspot_to_dynamics: {task: {delete: archive}}}")

    code, found = check()

    assert code == 3
    assert levels(found, "error") == {"dynamics.privileges.prvDeleteActivity"}


def test_making_missing_records_needs_the_right_to_create_them_and_nothing_else_does(ready: Bridge):
    organization(ready, dynamics_missing_privileges=["prvCreateContact", "prvCreateAccount"])
    off, _ = check()
    ready.configure("create_missing: {hubspot_to_dynamics: {contact: true}, dynamics_to_hubspot: {company: true}}")

    code, found = check("--fix")

    assert (off, code) == (0, 3)
    assert levels(found, "error") == {"dynamics.privileges.prvCreateContact"}
    assert "crm.objects.companies.write" in found["hubspot.scopes.make.companies"]["remedy"]
    assert found["hubspot.tracking.company.created"]["level"] == "ok"
    assert properties(ready, "companies") >= TRACKING
    assert not properties(ready, "contacts") & TRACKING


def test_notes_that_cannot_be_backdated_are_a_warning(ready: Bridge):
    organization(ready, dynamics_may_override_createdon=False)

    code, found = check()

    assert code == 0
    assert "dated at its copying" in found["dynamics.privileges.prvOverrideCreatedOnCreatedBy"]["message"]


def test_a_role_that_does_not_see_everything_is_a_warning(ready: Bridge):
    organization(ready, dynamics_reads_whole_organization=False)

    _, found = check()

    assert "prvReadActivity" in found["dynamics.privileges.depth"]["message"]


def test_an_organization_that_lists_no_privileges_is_asked_for_a_row_of_each_table(ready: Bridge):
    organization(ready, dynamics_missing_privileges=["prvReadUser", "prvReadIncident"])

    code, found = check()

    assert code == 3
    assert levels(found, "error") >= {"dynamics.privileges.read.incidents", "dynamics.privileges.read.systemusers"}
    assert found["dynamics.privileges.read.tasks"]["level"] == "ok"
    assert found["dynamics.privileges.write"]["message"].startswith("cannot be checked without writing: ")
    assert "prvCreateActivity" in found["dynamics.privileges.write"]["remedy"]


def test_a_table_without_change_tracking_is_a_warning(ready: Bridge):
    organization(ready, dynamics_change_tracking=["task"])

    _, found = check()

    assert found["dynamics.change_tracking.task"]["level"] == "ok"
    assert found["dynamics.change_tracking.email"]["level"] == "warning"
    assert found["dynamics.tables.opportunity"]["level"] == "ok"


def test_an_organization_without_the_sales_and_service_apps_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for bridge in make_bridge(tmp_path, monkeypatch, settings={"dynamics_tables": []}):
        code, found = check()

        assert code == 0
        assert {"dynamics.tables.opportunity", "dynamics.tables.incident"} <= levels(found, "warning")
        assert found["dynamics.privileges"]["level"] == "ok"
        assert bridge.writes() == 0


def test_what_the_mapping_names_is_looked_for_in_the_tables(ready: Bridge):
    tables = ready.sandboxes.dynamics.store.tables
    tables["task"] = without(tables["task"], option=("statuscode", 7))
    tables["phonecall"] = without(tables["phonecall"], column="phonenumber")

    _, found = check()

    assert "no option for deferred" in found["dynamics.mapping.task.statuscode"]["message"]
    assert "no column phonenumber" in found["dynamics.mapping.call.phonenumber"]["message"]
    assert found["dynamics.mapping.note"]["level"] == found["dynamics.mapping.email"]["level"] == "ok"


def test_text_limits_that_are_not_told_are_a_warning(ready: Bridge):
    tables = ready.sandboxes.dynamics.store.tables
    for name in ("task", "activitypointer"):
        column = replace(tables[name].columns["description"], max_length=None)
        tables[name] = replace(tables[name], columns={**tables[name].columns, "description": column})

    _, found = check()

    assert found["dynamics.text_limits"]["level"] == "warning"
    assert "task.description" in found["dynamics.text_limits"]["message"]


# --- owners ------------------------------------------------------------------------------------------------------


def test_owners_are_counted_and_never_named(ready: Bridge):
    done = activity_sync(ready.environ, "check", "--json")

    found = {one["name"]: one for one in the_document(done)}
    assert found["owners.hubspot_to_dynamics"]["message"].startswith("2 of 3 active owners in hubspot")
    assert "go to the fallback" in found["owners.hubspot_to_dynamics"]["message"]
    assert "@" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("fallback", "level"),
    [("olga@ourfirm.example", "ok"), ("dyna@ourfirm.example", "warning"), ("nobody@ourfirm.example", "error")],
)
def test_the_fallback_must_be_an_active_user_of_the_targets(ready: Bridge, fallback: str, level: str):
    ready.configure(f"owners: {{fallback: {fallback}}}")

    code, found = check()

    assert found["owners.fallback"]["level"] == level
    assert code == (2 if level == "error" else 0)


def test_an_override_that_leads_nowhere_is_an_error_by_its_number(ready: Bridge):
    ready.configure("owners: {overrides: {a@x.example: olga@ourfirm.example, b@x.example: nobody@ourfirm.example}}")

    code, found = check()

    assert code == 2
    assert levels(found, "error") == {"owners.overrides.2"}


def asked(bridge: Bridge, system: str) -> set[tuple[str, str]]:
    """Method and kind of every request since the last `forget`."""
    sandbox = bridge.sandboxes.hubspot if system == "hubspot" else bridge.sandboxes.dynamics
    return {(one["method"], one["kind"]) for one in sandbox.controls.requests.shown(last=1000)["log"]}


def change_options(bridge: Bridge, kind: str, name: str, values: list[str]) -> None:
    """A portal whose property has exactly these options."""
    schema = bridge.sandboxes.hubspot.store.schema
    present = schema.properties[kind][name]
    options = tuple(type(present.options[0])(value, value) for value in values)
    schema.properties[kind][name] = replace(present, options=options)


def without(table: Any, *, column: str = "", option: tuple[str, int] = ("", 0)) -> Any:
    """A table that lacks a column, or an option of one."""
    name, value = option
    columns = {
        each: replace(one, options=tuple(each for each in one.options if each[0] != value)) if each == name else one
        for each, one in table.columns.items()
        if each != column
    }
    return replace(table, columns=columns)


# --- fields of one's own -----------------------------------------------------------------------------------------


def test_configured_fields_are_looked_up_in_both_systems(ready: Bridge):
    customise(ready, "task", hubspot={"region": "string"}, dynamics={"new_region": "string"})
    task = "{from: region, to: new_region}, seats: {from: seats, to: new_seats, kind: integer}"
    ready.configure(f"flows: {{hubspot_to_dynamics: {{task: {{fields: {{region: {task}}}}}}}}}\n")

    code, found = check()

    assert code == 2
    assert levels(found, "error") == {"hubspot.fields.task.seats", "dynamics.fields.task.seats"}
    assert found["hubspot.fields.task.seats"]["message"] == "hubspot has no property seats of tasks"
    customise(
        ready,
        "task",
        hubspot={"seats": {"type": "number", "fieldType": "number"}},
        dynamics={"new_seats": "integer"},
    )

    code, found = check()

    assert code == 0
    assert {"hubspot.fields.task", "dynamics.fields.task"} <= levels(found, "ok")


def test_a_sync_with_a_field_that_is_not_there_is_refused_before_anything_is_read(ready: Bridge):
    ready.configure("flows: {hubspot_to_dynamics: {task: {fields: {region: {from: region, to: new_region}}}}}\n")
    ready.forget()

    done = activity_sync(ready.environ, "sync", "--json")

    assert done.returncode == 2
    error = json.loads(done.stdout)["error"]
    assert error["message"].startswith("hubspot has no property region of tasks: create it in hubspot")
    assert error["setting"] == "flows.*.task.fields"
    assert ready.writes() == 0


# --- filters


def test_properties_that_filters_name_are_looked_for_in_both_systems(ready: Bridge):
    ready.configure(
        """
flows:
  hubspot_to_dynamics:
    call:
      filter:
        all:
          - {field: contact.lifecyclestage, operator: known}
          - {field: activity.hs_call_colour, operator: known}
  dynamics_to_hubspot:
    note: {filter: {field: contact.new_stage, operator: known}}
"""
    )

    code, found = check()

    assert code == 2
    assert levels(found, "error") == {"hubspot.filters.call.hs_call_colour", "dynamics.filters.contact.new_stage"}


def test_filters_whose_properties_are_there_are_told_as_fine(ready: Bridge):
    ready.configure(
        "flows: {hubspot_to_dynamics: {call: {filter: {field: contact.lifecyclestage, operator: known}}}}\n"
        "owners: {fallback: olga@ourfirm.example}\n"
    )

    _, found = check()

    assert found["hubspot.filters"]["level"] == "ok"
    assert "dynamics.filters" not in found
