"""The platform's refusals, as it words them.

Codes: the platform's error enumeration and the Web API documentation; see the table in the fact sheet on Dataverse.
"""

from collections.abc import Mapping


class DataverseError(Exception):
    """One refusal: HTTP status, platform code and message; `headers` are added to the answer."""

    def __init__(self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def body(self) -> dict[str, dict[str, str]]:
        """The answer's JSON body."""
        return {"error": {"code": self.code, "message": self.message}}


def missing_row(table: str, row_id: str) -> DataverseError:
    """No row has that id."""
    return DataverseError(404, "0x80040217", f"Entity '{table}' With Id = {row_id} Does Not Exist")


def bad_query(message: str) -> DataverseError:
    """A read request that cannot be understood or is not supported."""
    return DataverseError(400, "0x80060888", message)


def unknown_in_query(name: str, table: str) -> DataverseError:
    """A column in `$select`, `$filter` or `$orderby` that the table does not have."""
    return bad_query(f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{table}'.")


def unknown_segment(segment: str) -> DataverseError:
    """A URL that leads nowhere."""
    return DataverseError(404, "0x8006088a", f"Resource not found for the segment '{segment}'.")


def bad_payload(set_name: str, reason: str) -> DataverseError:
    """A body that does not fit the model."""
    return DataverseError(
        400,
        "0x80048d19",
        f"Error identified in Payload provided by the user for Entity :'{set_name}', For more information on this "
        "error please follow this help link https://go.microsoft.com/fwlink/?linkid=2195293  ---->  "
        f"InnerException : {reason}",
    )


def unknown_property(set_name: str, table: str, name: str) -> DataverseError:
    """A property that the table does not have."""
    return bad_payload(
        set_name,
        f"Microsoft.Crm.CrmException: Invalid property '{name}' was found in entity "
        f"'Microsoft.Dynamics.CRM.{table}'. ---> Microsoft.OData.ODataException: Does not support untyped value in "
        "non-open type.",
    )


def undeclared_annotation(set_name: str, name: str) -> DataverseError:
    """An annotation such as `x@odata.bind` for a property that does not exist."""
    return bad_payload(
        set_name,
        f"Microsoft.OData.ODataException: An undeclared property '{name}' which only has property annotations in "
        "the payload but no property value was found in the payload. In OData, only declared navigation properties "
        "and declared named streams can be represented as properties without values.",
    )


def wrong_literal(set_name: str, value: object, edm_type: str) -> DataverseError:
    """A JSON value of the wrong type."""
    return bad_payload(
        set_name,
        f"Microsoft.OData.ODataException: Cannot convert the literal '{value}' to the expected type '{edm_type}'.",
    )


def precondition_failed(table: str, row_id: str) -> DataverseError:
    """`If-Match` names a version that is no longer the present one."""
    return DataverseError(
        412,
        "0x80060882",
        "The version of the existing record doesn't match the RowVersion property provided.",
        headers={"x-sandbox-row": f"{table}({row_id})"},
    )


def already_exists() -> DataverseError:
    """A create with an id or key that is taken."""
    return DataverseError(412, "0x80040237", "A record with matching key values already exists.")


def unsupported_message(message: str, table: str) -> DataverseError:
    """A message that the table does not take."""
    return DataverseError(400, "0x80040800", f"The '{message}' method does not support entities of type '{table}'.")


def method_not_allowed(method: str) -> DataverseError:
    """A verb that the resource does not take."""
    return DataverseError(405, "0x80060888", f"The requested resource does not support http method '{method}'.")
