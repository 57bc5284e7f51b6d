"""The operations of the API and where each generation has them."""

from __future__ import annotations

from functools import partial

from activity_sync.sandbox.hubspot import account_operations as account
from activity_sync.sandbox.hubspot import association_batches, association_pairs
from activity_sync.sandbox.hubspot import batch_operations as batches
from activity_sync.sandbox.hubspot import file_operations as files
from activity_sync.sandbox.hubspot import object_operations as objects
from activity_sync.sandbox.hubspot import property_operations as properties
from activity_sync.sandbox.hubspot.gateway import Call, Operation
from activity_sync.sandbox.hubspot.object_types import OBJECT_TYPES, object_type
from activity_sync.sandbox.hubspot.search_operations import Search
from activity_sync.sandbox.hubspot.versions import DATED, V3, ApiVersion


def all_operations(search: Search) -> list[Operation]:
    """Give every operation of every generation; fixed words of a path stand before its variables."""
    operations = [*_objects("/crm/v3/objects", V3, search), *_properties("/crm/v3/properties", V3)]
    operations += _account("/crm/v3/owners", "/crm/v3/limits", "/account-info/v3/details", V3)
    operations.append(Operation("GET", "/calling/v1/dispositions", account.call_dispositions, V3))
    operations += [*_associations("/crm/v4/associations", V3), *_links_of_one("/crm/v4/objects", V3)]
    operations += _files("/files/v3/files", V3)
    for version in DATED:
        operations += _files(f"/files/{version.name}/files", version)
        operations += _links_of_one(f"/crm/objects/{version.name}", version)
        operations += _objects(f"/crm/objects/{version.name}", version, search)
        operations += _associations(f"/crm/associations/{version.name}", version)
        operations += _properties(f"/crm/properties/{version.name}", version)
        operations += _account(
            f"/crm/owners/{version.name}",
            f"/crm/limits/{version.name}",
            f"/account-info/{version.name}/details",
            version,
        )
    return operations


def _objects(root: str, version: ApiVersion, search: Search) -> list[Operation]:
    base = f"{root}/{{object_type}}"
    read = partial(Operation, version=version, scopes=_read_scopes)
    write = partial(Operation, version=version, scopes=_write_scopes)
    return [
        read("POST", f"{base}/search", search.search, is_search=True),
        read("POST", f"{base}/batch/read", batches.batch_read),
        write("POST", f"{base}/batch/create", batches.batch_create),
        write("POST", f"{base}/batch/update", batches.batch_update),
        write("POST", f"{base}/batch/upsert", batches.batch_upsert),
        write("POST", f"{base}/batch/archive", batches.batch_archive),
        write("POST", f"{base}/merge", objects.merge_records),
        write("POST", f"{base}/gdpr-delete", objects.gdpr_delete_contact),
        read("GET", base, objects.list_records),
        write("POST", base, objects.create_record),
        read("GET", f"{base}/{{record_id}}", objects.get_record),
        write("PATCH", f"{base}/{{record_id}}", objects.update_record),
        write("DELETE", f"{base}/{{record_id}}", objects.archive_record),
    ]


def _links_of_one(root: str, version: ApiVersion) -> list[Operation]:
    base = f"{root}/{{object_type}}/{{record_id}}/associations"
    both = partial(Operation, version=version, scopes=_scopes_of_pair)
    listing = [both("GET", f"{base}/{{to_type}}", association_pairs.list_of_one)] if version.lists_links else []
    return [
        both("PUT", f"{base}/default/{{to_type}}/{{to_id}}", association_pairs.put_default),
        both("PUT", f"{base}/{{to_type}}/{{to_id}}", association_pairs.put_typed),
        both("DELETE", f"{base}/{{to_type}}/{{to_id}}", association_pairs.delete_pair),
        *listing,
    ]


def _associations(root: str, version: ApiVersion) -> list[Operation]:
    base = f"{root}/{{from_type}}/{{to_type}}"
    both = partial(Operation, version=version, scopes=_scopes_of_pair)
    return [
        both("POST", f"{base}/batch/read", association_batches.batch_read),
        both("POST", f"{base}/batch/create", association_batches.batch_create),
        both("POST", f"{base}/batch/associate/default", association_batches.batch_default),
        both("POST", f"{base}/batch/archive", association_batches.batch_archive),
        both("POST", f"{base}/batch/labels/archive", association_batches.batch_labels_archive),
        both("GET", f"{base}/labels", association_pairs.list_labels),
        both("POST", f"{base}/labels", association_pairs.create_label),
    ]


def _properties(root: str, version: ApiVersion) -> list[Operation]:
    base = f"{root}/{{object_type}}"
    read = partial(Operation, version=version, scopes=_schema_read_scopes, any_scope=True)
    write = partial(Operation, version=version, scopes=_schema_write_scopes, any_scope=True)
    return [
        read("POST", f"{base}/batch/read", properties.batch_read),
        write("POST", f"{base}/batch/create", properties.batch_create),
        write("POST", f"{base}/batch/archive", properties.batch_archive),
        read("GET", f"{base}/groups", properties.list_groups),
        write("POST", f"{base}/groups", properties.create_group),
        read("GET", f"{base}/groups/{{name}}", properties.get_group),
        read("GET", base, properties.list_properties),
        write("POST", base, properties.create_property),
        read("GET", f"{base}/{{name}}", properties.get_property),
        write("PATCH", f"{base}/{{name}}", properties.change_property),
        write("DELETE", f"{base}/{{name}}", properties.archive_property),
    ]


def _account(owners: str, limits: str, details: str, version: ApiVersion) -> list[Operation]:
    owner = partial(Operation, version=version, scopes=lambda _: ("crm.objects.owners.read",))
    free = partial(Operation, version=version)
    return [
        owner("GET", owners, account.list_owners),
        owner("GET", f"{owners}/", account.list_owners),
        owner("GET", f"{owners}/{{owner_id}}", account.get_owner),
        free("GET", f"{limits}/custom-properties", account.custom_properties),
        free("GET", f"{limits}/records", account.records),
        free("GET", details, account.details),
    ]


def _files(root: str, version: ApiVersion) -> list[Operation]:
    read = partial(Operation, version=version, scopes=_file_read_scopes, any_scope=True)
    write = partial(Operation, version=version, scopes=_file_write_scopes, any_scope=True)
    return [
        write("POST", root, files.upload),
        read("GET", f"{root}/stat/{{path:path}}", files.stat),
        read("GET", f"{root}/{{file_id:int}}", files.get_file),
        read("GET", f"{root}/{{file_id:int}}/signed-url", files.sign),
    ]


def _file_read_scopes(_: Call) -> tuple[str, ...]:
    return ("files", "files.ui_hidden.read")


def _file_write_scopes(call: Call) -> tuple[str, ...]:
    """Of the hidden and the finer scopes only the newest file of the API knows."""
    return ("files", "files.ui_hidden.write", "files.write") if call.version.name == "2026-09" else ("files",)


def _read_scopes(call: Call) -> tuple[str, ...]:
    return call.type.read_scopes


def _write_scopes(call: Call) -> tuple[str, ...]:
    return call.type.write_scopes


def _scopes_of_pair(call: Call) -> tuple[str, ...]:
    source = object_type(call.path.get("from_type") or call.path["object_type"])
    target = object_type(call.path["to_type"])
    if call.method == "GET" or call.url_path.endswith("/batch/read"):
        return tuple(dict.fromkeys(source.read_scopes + target.read_scopes))
    return tuple(dict.fromkeys(source.write_scopes + target.write_scopes))


def _schema_read_scopes(_: Call) -> tuple[str, ...]:
    objects_read = (scope for kind in OBJECT_TYPES for scope in kind.read_scopes)
    return tuple(dict.fromkeys((*objects_read, "crm.schemas.contacts.read")))


def _schema_write_scopes(_: Call) -> tuple[str, ...]:
    return ("crm.schemas.contacts.write", "crm.schemas.companies.write", "crm.schemas.deals.write")
