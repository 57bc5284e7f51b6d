"""Waiting ends when the decision would be another one, and never without anything new."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from activity_sync.rules.actions import Defer, Hold
from activity_sync.rules.references import hinder_create, hinder_update
from activity_sync.rules.values import LAST_ASSOCIATION, Missing, Policy, References, Require, Unresolved
from activity_sync.rules.waiting import Waited, ends, references
from activity_sync_tests.rules.states import SAME

RECORDS = [("contact", "1"), ("contact", "2"), ("company", "1")]
POLICIES = st.builds(
    Policy,
    require=st.sampled_from(Require),
    unresolved=st.sampled_from(Unresolved),
    needs_association=st.booleans(),
)
HUNG_ON = st.sets(st.sampled_from(RECORDS), min_size=1)
CANDIDATES = st.sampled_from([(), ("contact/a", "contact/b"), ("contact/a", "contact/c")])


def lacking(keys: set[tuple[str, str]]) -> tuple[Missing, ...]:
    return tuple(Missing("hubspot", *one) for one in sorted(keys))


def reached(before: References, policy: Policy) -> Defer | Hold:
    """Why the activity was not created; others are not looked at."""
    action = hinder_create(replace(SAME, references=before), policy)
    assume(isinstance(action, Defer | Hold))
    assert isinstance(action, Defer | Hold)
    return action


@given(HUNG_ON, st.data(), POLICIES, CANDIDATES)
def test_nothing_new_ends_no_waiting(hung_on, data, policy, candidates):
    missing = lacking(data.draw(st.sets(st.sampled_from(sorted(hung_on)), min_size=1)))
    before = references(hung_on, missing, candidates)
    waited = Waited(before, reached(before, policy).reason)

    assert not ends(waited, policy, there=(), candidates=candidates)


@given(HUNG_ON, st.data(), POLICIES, POLICIES)
def test_waiting_ends_exactly_when_the_decision_is_another_one(hung_on, data, policy, later):
    missing = data.draw(st.sets(st.sampled_from(sorted(hung_on)), min_size=1))
    there = data.draw(st.sets(st.sampled_from(sorted(missing))))
    before = references(hung_on, lacking(missing))
    waited = Waited(before, reached(before, policy).reason)

    now = replace(SAME, references=references(hung_on, lacking(missing - there)))

    assert ends(waited, later, there=there, candidates=()) == (not isinstance(hinder_create(now, later), Defer))


@given(HUNG_ON, st.data(), POLICIES, CANDIDATES, CANDIDATES)
def test_other_records_among_which_there_is_no_telling_end_it(hung_on, data, policy, candidates, others):
    missing = lacking(data.draw(st.sets(st.sampled_from(sorted(hung_on)), min_size=1)))
    before = references(hung_on, missing, candidates)
    waited = Waited(before, reached(before, policy).reason)

    assert ends(waited, policy, there=(), candidates=others) == (set(candidates) != set(others))


@given(HUNG_ON, st.data(), POLICIES)
def test_what_is_written_is_looked_at_for_a_record_that_can_be_added(hung_on, data, policy):
    missing = data.draw(st.sets(st.sampled_from(sorted(hung_on)), min_size=1))
    there = data.draw(st.sets(st.sampled_from(sorted(missing))))
    waited = Waited(references(hung_on, lacking(missing)), goes_on=True)

    now = references(hung_on, lacking(missing - there))

    assert ends(waited, policy, there=there, candidates=()) == (bool(there) and hinder_update(now, policy) is None)


@given(HUNG_ON, st.data(), POLICIES)
def test_the_last_association_is_kept_until_another_comes_or_the_configuration_lets_it_go(hung_on, data, policy):
    missing = data.draw(st.sets(st.sampled_from(sorted(hung_on))))
    waited = Waited(references(hung_on, lacking(missing)), LAST_ASSOCIATION)

    assert ends(waited, policy, there=(), candidates=()) == (not policy.keeps_last)
    if missing and policy.require is Require.ANY:
        assert ends(waited, policy, there={min(missing)}, candidates=())
