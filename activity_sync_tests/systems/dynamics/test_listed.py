"""What is listed under a body, beside the block that names records: two things in one column, and neither the body."""

from __future__ import annotations

import pytest

from activity_sync.activities.activity import Activity, RichText
from activity_sync.activities.kinds import ActivityType, RecordKind
from activity_sync.systems.dynamics.translate import DynamicsTranslator
from activity_sync.systems.records import SourceRecord, TargetLink
from activity_sync_tests.mapping.configuring import configured
from activity_sync_tests.systems.dynamics.activities import WHEN

KIND = ActivityType.TASK
MAPPING = configured("task", {"opens": {"from": "hs_opens", "no_place": "append"}}).systems["dynamics"]
TRANSLATOR = DynamicsTranslator(MAPPING, limits=lambda _: {})
LIST, OTHER_LIST = "\n\n--\nFurther details:\n\u2022 Opens: 3", "\n\n--\nFurther details:\n\u2022 Opens: 4"
BLOCK, OTHER_BLOCK = "\n\n--\nAlso related to:\n\u2022 Account: Acme", "\n\n--\nAlso related to:\n\u2022 Account: Other"
ACME = TargetLink(RecordKind.COMPANY, "a1", "associated", name="Acme")
OTHER = TargetLink(RecordKind.COMPANY, "a2", "associated", name="Other")
ADA = TargetLink(RecordKind.CONTACT, "c1", "associated", regarding=True, name="Ada")


def decoded(description: str) -> Activity:
    payload = {"subject": "Here", "description": description, "statecode": 0, "statuscode": 2}
    return TRANSLATOR.decode(KIND, SourceRecord("t1", WHEN, payload))


def written(only: set[str], *, named: tuple[TargetLink, ...] | None, current: str = "Body" + LIST + BLOCK) -> str:
    fields = {"subject": "There", "body": RichText("New body", html=False), "opens": "4"}
    source = Activity("hubspot", KIND, "1", fields)
    wire = TRANSLATOR.encode(source, named or (), only=only, current=decoded(current), named=named)
    description: str = wire.body["columns"]["description"]
    return description


def test_list_and_block_are_both_taken_off_the_body() -> None:
    shown = decoded("Body" + LIST + BLOCK)

    assert shown.fields["body"] == RichText("Body", html=False)
    assert shown.fields["opens"] == "3"
    assert "Acme" in shown.appendix


def test_a_create_has_both() -> None:
    source = Activity("hubspot", KIND, "1", {"body": RichText("Body", html=False), "opens": "3"})

    wire = TRANSLATOR.encode(source, (ADA, ACME), key="t1", named=(ADA, ACME))

    assert wire.body["columns"]["description"] == "Body" + LIST + BLOCK
    assert {(one.field, one.what) for one in wire.losses} == {("opens", "appended"), ("associations", "appended")}


@pytest.mark.parametrize(
    ("only", "named", "becomes"),
    [
        ({"opens"}, None, "Body" + OTHER_LIST + BLOCK),
        ({"body"}, (ADA, ACME), "New body" + LIST + BLOCK),
        ({"body", "opens"}, (ADA, ACME), "New body" + OTHER_LIST + BLOCK),
        ({"opens"}, (ADA, OTHER), "Body" + OTHER_LIST + OTHER_BLOCK),
    ],
)
def test_a_write_of_one_leaves_the_others(only: set[str], named: tuple[TargetLink, ...] | None, becomes: str) -> None:
    assert written(only, named=named) == becomes


def test_another_record_to_be_named_leaves_the_list() -> None:
    """It is written along with the block, as its source has it by now."""
    assert written(set(), named=(ADA, OTHER)) == "Body" + OTHER_LIST + OTHER_BLOCK
