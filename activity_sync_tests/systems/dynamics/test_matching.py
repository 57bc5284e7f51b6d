"""What a query selects of a condition is what the rules say of every row, and nothing but changed rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activity_sync.rules.conditions import All, AnyOf, Condition, Facts, Not, Operator, Test, holds
from activity_sync.systems.dynamics.conditions import filter_of
from activity_sync_tests.rules.condition_strategies import TEXTS, conditions
from activity_sync_tests.systems.dynamics.organizations import Organization, guid

EVER = datetime(2000, 1, 1, tzinfo=UTC)
COLUMNS: dict[str, list[Any]] = {
    "jobtitle": [],
    "description": [],
    "statecode": [1, "1"],
    "donotemail": [True, False, "true"],
    "_parentcustomerid_value": [guid(1, kind="b"), guid(1, kind="b").upper()],
    "createdon": [],
}
RECORD = st.fixed_dictionaries(
    {"createdon": st.sampled_from(["2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z"])},
    optional={
        "jobtitle": st.sampled_from(TEXTS),
        "description": st.sampled_from(TEXTS),
        "statecode": st.sampled_from([0, 1]),
        "donotemail": st.booleans(),
        "parentcustomerid": st.just({"type": "account", "id": guid(1, kind="b")}),
    },
)
YES, NO = True, False
TYPES = {"t": "String", "w": "Picklist", "f": "Money", "b": "Boolean", "m": "DateTime", "l": "Lookup"}


def matching(organization: Organization, *several: Condition, since: datetime = EVER) -> list[set[str]]:
    async def found(system: Any) -> list[set[str]]:
        return [set(await system.directory.matching("contact", one, since=since)) for one in several]

    return organization.run(found)


def described(organization: Organization, ids: list[str]) -> dict[str, Mapping[str, Any]]:
    """What the rules would be told of each."""

    async def read(system: Any) -> dict[str, Mapping[str, Any]]:
        found = await system.directory.describe({"contact": ids})
        return {one: key.properties for one, key in found["contact"].items()}

    result: dict[str, Mapping[str, Any]] = organization.run(read)
    return result


@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(RECORD, min_size=1, max_size=8),
    st.lists(conditions(COLUMNS, about="contact"), min_size=1, max_size=6),
)
def test_a_query_selects_exactly_the_rows_for_which_the_condition_holds(
    organization: Organization, records: list[dict[str, Any]], several: list[Condition]
) -> None:
    organization.store.reset()
    rows = [
        {"contactid": guid(number), "modifiedon": "2026-03-01T00:00:00Z", **one} for number, one in enumerate(records)
    ]
    organization.seed({"account": [{"accountid": guid(1, kind="b"), "name": "Acme"}], "contact": rows})

    organization.also_read = {"contact": tuple(COLUMNS)}

    answers, shown = matching(organization, *several), described(organization, [row["contactid"] for row in rows])

    for condition, found in zip(several, answers, strict=True):
        wanted = {one for one, held in shown.items() if holds(condition, Facts(records={"contact": [held]}))}
        assert found == wanted, condition


def test_only_rows_that_changed_since_are_selected(organization: Organization) -> None:
    organization.seed({"contact": [{"contactid": guid(1), "jobtitle": "Ada", "modifiedon": "2026-03-01T00:00:00Z"}]})
    condition = Test("jobtitle", Operator.KNOWN, (), "contact")

    assert matching(organization, condition, since=datetime(2026, 3, 1, tzinfo=UTC)) == [{guid(1)}]
    assert matching(organization, condition, since=datetime(2026, 3, 1, 0, 0, 1, tzinfo=UTC)) == [set()]


def of(name: str, operator: Operator, *values: Any) -> Test:
    return Test(name, operator, values, "contact")


@pytest.mark.parametrize(
    ("condition", "asked"),
    [
        (of("t", Operator.IS, "MQL"), "Microsoft.Dynamics.CRM.In(PropertyName='t',PropertyValues=['MQL'])"),
        (of("t", Operator.CONTAINS, "x"), "contains(t,'x')"),
        (of("w", Operator.ONE_OF, 1, 2), "(w eq 1 or w eq 2)"),
        (of("w", Operator.AT_LEAST, 5), "w ge 5"),
        (of("b", Operator.IS, YES), "b eq true"),
        (of("_l_value", Operator.IS, guid(1).upper()), f"_l_value eq {guid(1)}"),
        (of("w", Operator.UNKNOWN), "w eq null"),
        (All((of("t", Operator.KNOWN), Not(of("w", Operator.KNOWN)))), "(t ne null and w eq null)"),
        (AnyOf((of("w", Operator.IS, 5), of("b", Operator.IS, NO))), "(w eq 5 or b eq false)"),
        # a part that the database does not decide as we do narrows nothing
        (All((of("w", Operator.IS, 5), of("m", Operator.AT_LEAST, EVER))), "w eq 5"),
        (AnyOf((of("w", Operator.IS, 5), of("m", Operator.AT_LEAST, EVER))), ""),
        (of("t", Operator.IS_NOT, "x"), ""),
        (of("t", Operator.UNKNOWN), ""),
        (of("t", Operator.CONTAINS, "[x]"), ""),
        (of("f", Operator.IS, 7.5), ""),
        (of("absent", Operator.KNOWN), ""),
    ],
)
def test_what_the_database_is_asked_of_a_condition(condition: Condition, asked: str) -> None:
    assert filter_of(condition, TYPES) == asked
