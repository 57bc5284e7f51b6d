"""Names for the kinds of requests, for the request log and for faults."""

import re

_SERVICE = re.compile(r"^/api/data/v9\.\d+/")
_TABLE_VERBS = {"GET": "get", "POST": "create", "PATCH": "update", "PUT": "update", "DELETE": "delete"}
_ALONE = frozenset({"WhoAmI", "Merge", "RetrieveTotalRecordCount", "RetrieveVersion"})


def route_kind(method: str, path: str) -> str:
    """The kind of a request.

    `token`, `$batch`, `metadata`, `WhoAmI` ...; for records `list`, `get`, `create`, `update`, `delete`, `count`,
    `parties`, `CreateMultiple` and its like.
    """
    if path.endswith("/oauth2/v2.0/token"):
        return "token"
    rest, found = _SERVICE.subn("", path)
    if not found:
        return "other"
    head = re.split(r"[(/?]", rest, maxsplit=1)[0]
    if head == "$batch":
        return "$batch"
    if head in _ALONE:
        return head
    if head in ("EntityDefinitions", "GlobalOptionSetDefinitions", "$metadata", "RetrieveMetadataChanges"):
        return "metadata"
    if "Microsoft.Dynamics.CRM." in rest and method == "POST":
        return rest.rpartition(".")[2]
    if rest.removesuffix("()").endswith("/Microsoft.Dynamics.CRM.RetrieveUserPrivileges"):
        return "RetrieveUserPrivileges"
    if rest.endswith("/$count"):
        return "count"
    if rest.endswith("_activity_parties"):
        return "parties"
    if method == "GET" and not re.match(r"^\w+\(", rest):
        return "list"
    return _TABLE_VERBS.get(method, "other")
