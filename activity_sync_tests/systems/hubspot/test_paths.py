from __future__ import annotations

import pytest

from activity_sync.activities.kinds import ActivityType, RecordKind
from activity_sync.systems.hubspot.paths import Paths, name_collection

DATED = [
    ("2026-09", "/crm/objects/2026-09", "/crm/associations/2026-09", "/crm/properties/2026-09", "/crm/owners/2026-09"),
    ("2026-03", "/crm/objects/2026-03", "/crm/associations/2026-03", "/crm/properties/2026-03", "/crm/owners/2026-03"),
    ("v3", "/crm/v3/objects", "/crm/v4/associations", "/crm/v3/properties", "/crm/v3/owners"),
]


@pytest.mark.parametrize(("version", "objects", "associations", "properties", "owners"), DATED)
def test_the_version_stands_where_each_generation_puts_it(version, objects, associations, properties, owners):
    paths = Paths(version)

    assert paths.list_records("note") == f"{objects}/notes"
    assert paths.one_record("contact", "7") == f"{objects}/contacts/7"
    assert paths.search("meeting") == f"{objects}/meetings/search"
    assert paths.batch("email", "create") == f"{objects}/emails/batch/create"
    assert paths.associations("task", "company", "read") == f"{associations}/tasks/companies/batch/read"
    assert paths.properties("call") == f"{properties}/calls"
    assert paths.create_properties("call") == f"{properties}/calls/batch/create"
    assert paths.owners() == owners


@pytest.mark.parametrize("kind", [*ActivityType, *RecordKind])
def test_every_kind_has_a_collection_by_member_and_by_text(kind):
    assert name_collection(kind) == name_collection(kind.value)


def test_an_unknown_kind_has_none():
    with pytest.raises(KeyError):
        name_collection("lead")
