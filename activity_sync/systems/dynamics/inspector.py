"""What `check` looks at in an organization: tables, privileges, change tracking, text limits, options."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from activity_sync.activities.kinds import ActivityType
from activity_sync.findings import Finding, broken, fine, unchecked, warn
from activity_sync.mapping import SystemMapping
from activity_sync.mapping.fit import is_configured
from activity_sync.systems.dynamics.batch import Operation
from activity_sync.systems.dynamics.columns import Columns
from activity_sync.systems.dynamics.configured import definitions
from activity_sync.systems.dynamics.metadata import BASE_TABLE, Metadata, Schema
from activity_sync.systems.dynamics.operations import Operations
from activity_sync.systems.dynamics.organization import (
    column_read,
    limit_findings,
    mapping_findings,
    option_reads,
    read_columns,
    stored_id_finding,
    table_findings,
    tracking_findings,
)
from activity_sync.systems.dynamics.paths import ACTIVITY_TABLES
from activity_sync.systems.dynamics.privileges import (
    Need,
    held_privileges,
    needed_privileges,
    privilege_findings,
    probes,
)
from activity_sync.systems.dynamics.refusals import MISSING_PRIVILEGE, read_error
from activity_sync.systems.fitting import fit_findings, place_findings
from activity_sync.systems.records import Place, Use


class DynamicsInspector:
    """Looks at the organization. `stored_ids`: by record kind, the column that holds the counterpart's id.

    `places`: by activity type, the columns that say what its counterpart is.

    `own_user`: the application user's id.
    """

    def __init__(
        self,
        operations: Operations,
        metadata: Metadata,
        *,
        columns: Columns,
        mapping: SystemMapping,
        stored_ids: Mapping[str, str],
        places: Mapping[ActivityType, Place],
        own_user: Callable[[], Awaitable[str]],
    ) -> None:
        self._operations = operations
        self._metadata = metadata
        self._columns = columns
        self._mapping = mapping
        self._stored_ids = stored_ids
        self._places = places
        self._own_user = own_user

    async def findings(self, use: Use) -> list[Finding]:
        """See Inspector."""
        schema = await self._metadata.read()
        found = [*table_findings(schema), *await self._rights(use, schema)]
        found += tracking_findings(use.reads, schema)
        found += limit_findings(use.writes, schema, self._mapping.types)
        found += await self._mapped(use)
        stored = (stored_id_finding(kind, column, schema) for kind, column in self._stored_ids.items())
        return found + [one for one in stored if one is not None]

    async def complete(self, use: Use) -> list[Finding]:  # noqa: ARG002 - the protocol's
        """Nothing is missing: our keys are the rows' own primary keys."""
        return []

    async def _rights(self, use: Use, schema: Schema) -> list[Finding]:
        needs = needed_privileges(use, schema, told=use.told(self._places))
        user = await self._own_user()
        path = f"systemusers({user})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()"
        (answer,) = await self._operations.read_answers([Operation("GET", path)])
        held = held_privileges(answer)
        if held is not None:
            return list(privilege_findings(needs, held))
        return [*await self._tried(use, schema), *_untold(needs, answer.status)]

    async def _tried(self, use: Use, schema: Schema) -> list[Finding]:
        """What reading one row of each table tells."""
        reads = probes(use, schema)
        found = []
        for name, answer in zip(reads, await self._operations.read_answers(list(reads.values())), strict=True):
            told = f"dynamics.privileges.read.{name}"
            if answer.status < 300:
                found.append(fine(told, f"the application user may read {name}"))
            elif answer.status == 403 and read_error(answer.body)[0] in {MISSING_PRIVILEGE, ""}:
                remedy = f"give the application user's security role Read on {name}"
                found.append(broken(told, f"the application user may not read {name}", remedy))
            else:
                found.append(warn(told, f"reading {name} is answered with status {answer.status}"))
        return found

    async def _mapped(self, use: Use) -> list[Finding]:
        """What the mapping names, against the definitions of the tables. One call."""
        tables = [BASE_TABLE, *(ACTIVITY_TABLES[kind].name for kind in use.types)]
        options = {kind: option_reads(kind, self._mapping.types[kind]) for kind in use.writes}
        reads = [*map(column_read, tables), *(read for some in options.values() for read in some.values())]
        answers = iter(await self._operations.read_answers(reads))
        columns = {table: read_columns(next(answers)) for table in tables}
        answered = {kind: {column: next(answers) for column in some} for kind, some in options.items()}
        found = []
        for kind in use.types:
            own = columns[ACTIVITY_TABLES[kind].name]
            # What is inherited may be listed with the base table alone.
            known = own | columns[BASE_TABLE] if own and kind is not ActivityType.NOTE else own
            mapping = self._mapping.types[kind]
            found += mapping_findings(kind, mapping, known, answered.get(kind, {}))
            if is_configured(mapping):
                found += fit_findings(mapping, await definitions(self._columns, kind))
        for kind in use.told(self._places):
            columns_told = self._places[kind].columns
            found += place_findings("dynamics", kind, columns_told, await definitions(self._columns, kind))
        return found


def _untold(needs: tuple[Need, ...], status: int) -> list[Finding]:
    """The privileges that only a write could prove, where the organization does not list them."""
    written = [need for need in needs if not need.privilege.startswith("prvRead")]
    if not written:
        return []
    return [
        unchecked(
            "dynamics.privileges.write",
            f"the organization does not list the application user's privileges (status {status})",
            f"see that its security role has {', '.join(need.privilege for need in written)}",
        )
    ]
