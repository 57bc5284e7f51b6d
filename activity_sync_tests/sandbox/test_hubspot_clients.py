"""HubSpot's own clients against the sandbox, over HTTP.

`hubspot-api-client` speaks v3 and v4, `hubspot-sdk` the dated paths.
"""

from collections.abc import Iterator

import hubspot
import hubspot_sdk
import pytest
from hubspot.crm.associations.v4 import (
    AssociationSpec,
    BatchInputPublicAssociationMultiPost,
    BatchInputPublicFetchAssociationsBatchRequest,
    PublicAssociationMultiPost,
    PublicFetchAssociationsBatchRequest,
    PublicObjectId,
)
from hubspot.crm.objects import (
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputForCreate,
    BatchReadInputSimplePublicObjectId,
    PublicObjectSearchRequest,
    SimplePublicObjectBatchInput,
    SimplePublicObjectBatchInputForCreate,
    SimplePublicObjectId,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.objects.exceptions import ApiException
from hubspot.crm.properties import PropertyCreate
from hubspot.utils.objects import fetch_all

from activity_sync.sandbox.seed import demo_seed
from activity_sync.sandbox.serve import RunningSandboxes, start_sandboxes
from activity_sync_tests.sandbox.hubspot_portal import AT, NOON

TO_CONTACT = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandboxes]:
    settings = {"limits_enabled": False, "hubspot_empty_values": "absent"}
    with start_sandboxes(settings=settings, seed={"hubspot": demo_seed(NOON, per_side=300)["hubspot"]}) as sandboxes:
        yield sandboxes


@pytest.fixture
def legacy(running: RunningSandboxes) -> hubspot.HubSpot:
    environment = running.environment
    return hubspot.HubSpot(access_token=environment["HUBSPOT_ACCESS_TOKEN"], host=environment["HUBSPOT_BASE_URL"])


@pytest.fixture
def dated(running: RunningSandboxes) -> Iterator[hubspot_sdk.HubSpot]:
    environment = running.environment
    with hubspot_sdk.HubSpot(
        access_token=environment["HUBSPOT_ACCESS_TOKEN"],
        base_url=environment["HUBSPOT_BASE_URL"],
        max_retries=0,
        _strict_response_validation=True,
    ) as client:
        yield client


def test_legacy_client_creates_reads_changes_and_archives(legacy: hubspot.HubSpot) -> None:
    api = legacy.crm.objects.basic_api
    note = SimplePublicObjectInputForCreate(
        properties={"hs_timestamp": AT, "hs_note_body": "from the client"},
        associations=[{"to": {"id": "20001"}, "types": [TO_CONTACT]}],
    )

    made = api.create("notes", note)
    api.update("notes", made.id, SimplePublicObjectInput(properties={"hs_note_body": "changed"}))
    read = api.get_by_id("notes", made.id, properties=["hs_note_body"], associations=["contacts"])
    api.archive("notes", made.id)

    assert read.properties["hs_note_body"] == "changed"
    assert read.associations["contacts"].results[0].id == "20001"
    with pytest.raises(ApiException) as refused:
        api.get_by_id("notes", made.id)
    assert refused.value.status == 404


def test_legacy_client_pages_through_everything(legacy: hubspot.HubSpot) -> None:
    notes = fetch_all(legacy.crm.objects.notes.basic_api, properties=["hs_note_body"])

    assert len(notes) > 20
    assert len({each.id for each in notes}) == len(notes)


def test_legacy_client_searches(legacy: hubspot.HubSpot) -> None:
    request = PublicObjectSearchRequest(
        filter_groups=[{"filters": [{"propertyName": "hs_email_direction", "operator": "EQ", "value": "EMAIL"}]}],
        sorts=["hs_lastmodifieddate"],
        properties=["hs_email_subject"],
        limit=50,
        after="0",
    )

    found = legacy.crm.objects.search_api.do_search("emails", request)

    assert found.total > 0
    assert all("hs_lastmodifieddate" in each.properties for each in found.results)


def test_legacy_client_understands_partial_batches(legacy: hubspot.HubSpot) -> None:
    api = legacy.crm.objects.batch_api
    rows = [
        SimplePublicObjectBatchInputForCreate(
            properties={"hs_timestamp": AT}, associations=[], object_write_trace_id="good"
        ),
        SimplePublicObjectBatchInputForCreate(properties={}, associations=[], object_write_trace_id="bad"),
    ]

    made = api.create("notes", BatchInputSimplePublicObjectBatchInputForCreate(inputs=rows))
    update = SimplePublicObjectBatchInput(id=made.results[0].id, properties={"hs_note_body": "x"})
    changed = api.update("notes", BatchInputSimplePublicObjectBatchInput(inputs=[update]))
    ids = [SimplePublicObjectId(id=made.results[0].id), SimplePublicObjectId(id="4")]
    wanted = BatchReadInputSimplePublicObjectId(inputs=ids, properties=["hs_note_body"], properties_with_history=[])
    read = api.read("notes", wanted)

    assert made.errors[0].context["objectWriteTraceId"] == ["bad"]
    assert changed.results[0].properties["hs_note_body"] == "x"
    assert [each.id for each in read.results] == [made.results[0].id]
    assert read.num_errors == 1


def test_legacy_client_associates(legacy: hubspot.HubSpot) -> None:
    note = legacy.crm.objects.basic_api.create(
        "notes", SimplePublicObjectInputForCreate(properties={"hs_timestamp": AT}, associations=[])
    )
    api = legacy.crm.associations.v4.batch_api
    pair = PublicAssociationMultiPost(
        _from=PublicObjectId(id=note.id),
        to=PublicObjectId(id="20002"),
        types=[AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=202)],
    )

    api.create(
        "notes", "contacts", batch_input_public_association_multi_post=BatchInputPublicAssociationMultiPost([pair])
    )
    read = api.get_page(
        "notes",
        "contacts",
        batch_input_public_fetch_associations_batch_request=BatchInputPublicFetchAssociationsBatchRequest(
            inputs=[PublicFetchAssociationsBatchRequest(id=note.id)]
        ),
    )

    [found] = read.results
    assert str(found.to[0].to_object_id) == "20002"
    assert found.to[0].association_types[0].type_id == 202


def test_legacy_client_reads_owners_and_properties(legacy: hubspot.HubSpot) -> None:
    owners = legacy.crm.owners.get_all()
    made = legacy.crm.properties.core_api.create(
        "tasks",
        PropertyCreate(
            name="legacy_key", label="Key", type="string", field_type="text", group_name="task", has_unique_value=True
        ),
    )
    names = {each.name for each in legacy.crm.properties.core_api.get_all("tasks").results}

    assert {"maria.sanchez@ourfirm.example"} <= {each.email for each in owners}
    assert made.has_unique_value is True
    assert {"legacy_key", "hs_task_subject"} <= names


def test_dated_client_creates_reads_changes_and_deletes(dated: hubspot_sdk.HubSpot) -> None:
    notes = dated.crm.objects.notes
    link = {"to": {"id": "20001"}, "types": [TO_CONTACT]}

    made = notes.create(properties={"hs_timestamp": AT, "hs_note_body": "dated"}, associations=[link])
    changed = notes.update(made.id, properties={"hs_note_body": "changed"})
    read = notes.get(made.id, properties=["hs_note_body", "hs_timestamp"], associations=["contacts", "companies"])
    notes.delete(made.id)

    assert changed.properties["hs_note_body"] == read.properties["hs_note_body"] == "changed"
    assert read.associations is not None
    assert read.associations["contacts"].results[0].id == "20001"
    assert read.url is not None
    with pytest.raises(hubspot_sdk.NotFoundError):
        notes.get(made.id)


def test_dated_client_pages_searches_and_batches(dated: hubspot_sdk.HubSpot) -> None:
    emails = dated.crm.objects.emails
    listed = [each.id for each in emails.list(limit=100, properties=["hs_email_subject"])]
    newest = {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "0"}

    found = emails.search(
        after="0", limit=200, filter_groups=[{"filters": [newest]}], sorts=["hs_lastmodifieddate"], properties=[]
    )
    read = emails.batch.get(
        inputs=[{"id": each} for each in listed[:100]], properties=["hs_email_subject"], properties_with_history=[]
    )

    assert found.total == len(listed) > 100
    assert {each.id for each in read.results} == set(listed[:100])


def test_dated_client_associates_and_reads_owners(dated: hubspot_sdk.HubSpot) -> None:
    note = dated.crm.objects.notes.create(properties={"hs_timestamp": AT}, associations=[])
    pair = {"from": {"id": note.id}, "to": {"id": "20003"}, "types": [TO_CONTACT]}
    way = {"from_object_type": "notes", "to_object_type": "contacts"}

    dated.crm.associations.batch.create(**way, inputs=[pair])
    read = dated.crm.associations.batch.get(**way, inputs=[{"id": note.id}])
    owners = list(dated.crm.owners.list(limit=3))

    assert read.results[0].to[0].to_object_id == "20003"
    assert read.results[0].to[0].association_types[0].type_id == 202
    assert len(owners) == 7


def test_dated_client_names_what_was_refused(dated: hubspot_sdk.HubSpot) -> None:
    with pytest.raises(hubspot_sdk.BadRequestError) as refused:
        dated.crm.objects.notes.create(properties={"none_such": "x", "hs_timestamp": AT}, associations=[])

    assert "PROPERTY_DOESNT_EXIST" in str(refused.value)


def test_dated_client_defines_properties_and_reads_account_and_limits(dated: hubspot_sdk.HubSpot) -> None:
    made = dated.crm.properties.create(
        "calls",
        name="dated_key",
        label="Key",
        type="string",
        field_type="text",
        group_name="call",
        has_unique_value=True,
    )
    names = {each.name for each in dated.crm.properties.list("calls").results}

    assert made.has_unique_value is True
    assert "dated_key" in names
    assert dated.crm.limits.get_custom_property_limits().overall_usage >= 1
