"""What the application user may do. It may do everything, less the privileges a setting takes away."""

from typing import TYPE_CHECKING, Any

from activity_sync.sandbox.dynamics.errors import DataverseError
from activity_sync.sandbox.dynamics.identity import APPLICATION_USER_ID, BUSINESS_UNIT_ID, fixed_id
from activity_sync.sandbox.dynamics.schema import Table

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

_VERBS = ("Create", "Read", "Write", "Delete", "Append", "AppendTo", "Assign")
_NAMES = {"annotation": "Note", "systemuser": "User", "sdkmessagefilter": "SdkMessage", "sdkmessage": "SdkMessage"}


def privilege_name(table: Table, verb: str) -> str:
    """The privilege for a verb on a table; all activities share one set, their parties and attachments included."""
    if table.has_parties or table.name in {"activityparty", "activitymimeattachment"}:
        return f"prv{verb}Activity"
    return f"prv{verb}{_NAMES.get(table.name, table.name.capitalize())}"


def check_privilege(store: "Store", table: Table, verb: str) -> None:
    """Raises DataverseError 403 when the privilege was taken away."""
    if privilege_name(table, verb) in store.controls.settings.dynamics_missing_privileges:
        raise missing_privilege(table, verb)


def missing_privilege(table: Table, verb: str) -> DataverseError:
    """The user's roles do not give the privilege, or not as far as the request reaches."""
    name = privilege_name(table, verb)
    return DataverseError(
        403,
        "0x80040220",
        f"Principal user (Id={APPLICATION_USER_ID}, type=8, roleCount=1, privilegeCount=100, accessMode=4) is "
        f"missing {name} privilege (Id={fixed_id(name)}) on OTC={table.object_type_code} for entity "
        f"'{table.name}'.",
    )


def held_privileges(store: "Store", user_id: str) -> list[dict[str, Any]]:
    """A user's privileges, as RetrieveUserPrivileges lists them; only the application user has a role."""
    if user_id != APPLICATION_USER_ID:
        return []
    names = {privilege_name(table, verb) for table in store.tables.values() for verb in _VERBS}
    names |= {"prvShareActivity", "prvOverrideCreatedOnCreatedBy", "prvActOnBehalfOfAnotherUser"}
    settings = store.controls.settings
    names -= set(settings.dynamics_missing_privileges)
    if not settings.dynamics_may_override_createdon:
        names.discard("prvOverrideCreatedOnCreatedBy")
    return [
        {
            "Depth": "Local" if "Read" in name and not settings.dynamics_reads_whole_organization else "Global",
            "PrivilegeId": fixed_id(name),
            "BusinessUnitId": BUSINESS_UNIT_ID,
            "PrivilegeName": name,
            "RecordFilterId": "00000000-0000-0000-0000-000000000000",
            "RecordFilterUniqueName": "",
        }
        for name in sorted(names)
    ]
