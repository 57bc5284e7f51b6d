"""Short forms for the columns that the table definitions are made of."""

from typing import Any

from activity_sync.sandbox.dynamics.options import YES_NO, Options
from activity_sync.sandbox.dynamics.schema import Column, State

INT_MAX = 2_147_483_647


def text(name: str, length: int, **more: Any) -> Column:
    """One line of text."""
    return Column(name, "string", max_length=length, **more)


def memo(name: str, length: int, **more: Any) -> Column:
    """Text of many lines."""
    return Column(name, "memo", max_length=length, **more)


def integer(name: str, *, low: int = -INT_MAX - 1, high: int = INT_MAX, **more: Any) -> Column:
    """A whole number of 32 bits."""
    return Column(name, "integer", low=low, high=high, **more)


def moment(name: str, **more: Any) -> Column:
    """A date and time, kept in UTC to the second."""
    return Column(name, "datetime", **more)


def boolean(name: str, options: Options = YES_NO, **more: Any) -> Column:
    """A two-option column."""
    return Column(name, "boolean", options=options, **more)


def choice(name: str, options: Options, **more: Any) -> Column:
    """A choice column."""
    return Column(name, "choice", options=options, **more)


def lookup(name: str, binds: tuple[tuple[str, str], ...], **more: Any) -> Column:
    """A reference; `binds` pairs each navigation property with the table it leads to."""
    targets = tuple(dict.fromkeys(target for _, target in binds))
    return Column(name, "lookup", binds=binds, targets=targets, **more)


def ownership(*, suffix: str = "") -> tuple[Column, ...]:
    """The owner and what follows from it. Activities bind under a suffixed and under the inherited name."""
    names = ("ownerid",) if not suffix else ("ownerid", f"ownerid{suffix}")
    return (
        lookup(
            "ownerid",
            tuple((name, target) for name in names for target in ("systemuser", "team")),
            required="SystemRequired",
        ),
        lookup("owninguser", _read(f"owninguser{suffix}", "owninguser"), create=False, update=False),
        lookup("owningteam", _read(f"owningteam{suffix}", "owningteam", "team"), create=False, update=False),
        lookup("owningbusinessunit", (), create=False, update=False),
    )


def server_columns(key: str, *, suffix: str = "") -> tuple[Column, ...]:
    """The key and the columns that the server alone writes."""
    return (
        Column(key, "guid", update=False, required="SystemRequired"),
        Column("createdon", "datetime", create=False, update=False),
        Column("modifiedon", "datetime", create=False, update=False),
        lookup("createdby", _read(f"createdby{suffix}", "createdby"), create=False, update=False),
        lookup("modifiedby", _read(f"modifiedby{suffix}", "modifiedby"), create=False, update=False),
        lookup("createdonbehalfby", (), create=False, update=False),
        lookup("modifiedonbehalfby", (), create=False, update=False),
        Column("versionnumber", "bigint", create=False, update=False),
    )


def state_columns(states: tuple[State, ...]) -> tuple[Column, ...]:
    """`statecode`, which is not valid for create, and `statuscode`."""
    return (
        Column(
            "statecode",
            "state",
            options=tuple((state.value, state.label) for state in states),
            default=states[0].value,
            create=False,
        ),
        Column(
            "statuscode",
            "status",
            options=tuple(reason for state in states for reason in state.reasons),
            default=states[0].reasons[0][0],
        ),
    )


def _read(name: str, inherited: str, target: str = "systemuser") -> tuple[tuple[str, str], ...]:
    return tuple((each, target) for each in dict.fromkeys((name, inherited)))
