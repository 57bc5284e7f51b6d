"""What the organisation says of itself: tables, columns, options, keys."""

from lxml import etree

from activity_sync_tests.sandbox.dynamics_organisation import Organisation, organisation, refusal

__all__ = ["organisation"]

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
LABEL = {"LocalizedLabels": [{"Label": "Source id", "LanguageCode": 1033}]}


def test_definition_of_one_table(organisation: Organisation) -> None:
    found = organisation.get(
        "EntityDefinitions(LogicalName='task')",
        select="EntitySetName,PrimaryIdAttribute,ChangeTrackingEnabled",
        expand="Attributes($select=LogicalName,AttributeType,RequiredLevel,IsValidForCreate,IsValidForUpdate)",
    ).json()

    assert (found["EntitySetName"], found["PrimaryIdAttribute"], found["ChangeTrackingEnabled"]) == (
        "tasks",
        "activityid",
        True,
    )
    columns = {each["LogicalName"]: each for each in found["Attributes"]}
    assert columns["subject"]["RequiredLevel"]["Value"] == "ApplicationRequired"
    assert columns["subject"]["AttributeType"] == "String"
    assert columns["statecode"]["IsValidForCreate"] is False
    assert columns["overriddencreatedon"]["IsValidForUpdate"] is False
    assert "MaxLength" not in columns["subject"]


def test_tables_are_found_by_name(organisation: Organisation) -> None:
    found = organisation.values(
        "EntityDefinitions",
        select="LogicalName,EntitySetName",
        filter="LogicalName eq 'opportunity' or LogicalName eq 'unicorn'",
    )

    assert [each["EntitySetName"] for each in found] == ["opportunities"]
    assert refusal(organisation.get("EntityDefinitions(LogicalName='unicorn')"))[0] == 404


def test_lengths_take_a_cast(organisation: Organisation) -> None:
    path = "EntityDefinitions(LogicalName='email')/Attributes"
    strings = organisation.values(
        f"{path}/Microsoft.Dynamics.CRM.StringAttributeMetadata", select="LogicalName,MaxLength"
    )
    memos = organisation.values(f"{path}/Microsoft.Dynamics.CRM.MemoAttributeMetadata", select="LogicalName,MaxLength")

    assert {each["LogicalName"]: each["MaxLength"] for each in strings}["subject"] == 800
    assert {each["LogicalName"]: each["MaxLength"] for each in memos}["description"] == 1_073_741_823


def test_status_options_name_their_state(organisation: Organisation) -> None:
    found = organisation.get(
        "EntityDefinitions(LogicalName='appointment')/Attributes(LogicalName='statuscode')/"
        "Microsoft.Dynamics.CRM.StatusAttributeMetadata",
        select="LogicalName",
        expand="OptionSet",
    ).json()

    options = {
        each["Value"]: (each["State"], each["Label"]["UserLocalizedLabel"]["Label"])
        for each in found["OptionSet"]["Options"]
    }
    assert options == {
        1: (0, "Free"),
        2: (0, "Tentative"),
        3: (1, "Completed"),
        4: (2, "Canceled"),
        5: (3, "Busy"),
        6: (3, "Out of Office"),
    }


def test_options_of_choices_and_states(organisation: Organisation) -> None:
    path = (
        "EntityDefinitions(LogicalName='task')/Attributes(LogicalName='{}')/Microsoft.Dynamics.CRM.{}AttributeMetadata"
    )
    priority = organisation.get(path.format("prioritycode", "Picklist"), expand="OptionSet").json()
    state = organisation.get(path.format("statecode", "State"), expand="OptionSet").json()

    assert [each["Value"] for each in priority["OptionSet"]["Options"]] == [0, 1, 2]
    assert [each["DefaultStatus"] for each in state["OptionSet"]["Options"]] == [2, 5, 6]


def test_document_inherits_activities_from_their_base(organisation: Organisation) -> None:
    organisation.set(dynamics_tables=[])
    document = etree.fromstring(organisation.get("$metadata").content)
    types = {each.get("Name"): each for each in document.iter(f"{EDM}EntityType")}

    def properties(name: str) -> set[str]:
        return {each.get("Name") for each in types[name].iter(f"{EDM}Property")}

    def navigations(name: str) -> set[str]:
        return {each.get("Name") for each in types[name].iter(f"{EDM}NavigationProperty")}

    assert types["task"].get("BaseType") == "mscrm.activitypointer"
    assert "subject" not in properties("task")
    assert "subject" in properties("activitypointer")
    assert "percentcomplete" in properties("task")
    assert "regardingobjectid_contact_task" in navigations("task")
    assert "regardingobjectid_contact" in navigations("activitypointer")
    assert not any("opportunity" in name for name in navigations("task"))
    assert types["annotation"].get("BaseType") == "mscrm.crmbaseentity"


def test_relationships_name_the_navigation_properties(organisation: Organisation) -> None:
    found = organisation.values(
        "EntityDefinitions(LogicalName='phonecall')/ManyToOneRelationships",
        select="ReferencedEntity,ReferencingEntityNavigationPropertyName",
        filter="ReferencingAttribute eq 'regardingobjectid'",
    )

    pairs = {(each["ReferencedEntity"], each["ReferencingEntityNavigationPropertyName"]) for each in found}
    assert ("opportunity", "regardingobjectid_opportunity_phonecall") in pairs


def test_column_and_key_are_made_through_metadata(organisation: Organisation) -> None:
    path = "EntityDefinitions(LogicalName='phonecall')"
    body = {
        "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
        "SchemaName": "as_SourceId",
        "DisplayName": LABEL,
        "RequiredLevel": {"Value": "None"},
        "MaxLength": 60,
    }
    made = organisation.post(f"{path}/Attributes", body)
    again = organisation.post(f"{path}/Attributes", body)
    key = organisation.post(
        f"{path}/Keys", {"SchemaName": "as_SourceKey", "DisplayName": LABEL, "KeyAttributes": ["as_sourceid"]}
    )

    assert (made.status_code, key.status_code) == (204, 204)
    assert refusal(again) == (400, "0x80044196")
    call = organisation.make("phonecalls", subject="p", as_sourceid="hubspot:1")
    assert organisation.get("phonecalls(as_sourceid='hubspot:1')").json()["activityid"] == call
    assert refusal(organisation.post("phonecalls", {"as_sourceid": "x" * 61})) == (400, "0x80044331")
    column = organisation.get(f"{path}/Attributes(LogicalName='as_sourceid')").json()
    assert column["IsCustomAttribute"] is True
    assert [each["KeyAttributes"] for each in organisation.values(f"{path}/Keys")] == [["as_sourceid"]]


def test_column_without_a_publisher_prefix_or_without_leave(organisation: Organisation) -> None:
    body = {
        "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
        "SchemaName": "source",
        "DisplayName": LABEL,
    }
    path = "EntityDefinitions(LogicalName='task')/Attributes"
    bare = organisation.post(path, body)
    organisation.set(dynamics_allow_custom_columns=False)
    forbidden = organisation.post(path, body | {"SchemaName": "as_source"})

    assert refusal(bare) == (400, "0x80044363")
    assert refusal(forbidden) == (403, "0x80040220")
