"""The YAML file: which activities sync which way, and under which policies.

Unknown keys are errors, and so is a value that this version does not act on: a setting that is accepted works.
Messages name the line, the setting, and what would be right (`configuration_problems.py`). After a change here,
`make schema` brings the JSON Schema up to date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType, RecordKind
from activity_sync.configuration_filters import FilterConfig, misnamed
from activity_sync.configuration_problems import Problem, find_problems, find_wrong
from activity_sync.errors import ConfigurationError
from activity_sync.mapping import SystemMapping, load_mapping
from activity_sync.mapping.attached import with_files
from activity_sync.mapping.configured import Carried, Mappings, TypeFields, configure
from activity_sync.mapping.field_settings import FieldSettings, check_name
from activity_sync.marked_yaml import Marked, NotYaml, mark_values, read_marked
from activity_sync.rules.conditions import OWN, Condition, joined, records_in
from activity_sync.rules.match import TwinMode, TwinRule
from activity_sync.rules.values import (
    Closed,
    Conflict,
    Delete,
    LossyEdit,
    Policy,
    Require,
    Restore,
    Several,
    TargetEdits,
    Unplaced,
    Unresolved,
)
from activity_sync.systems.records import Place

REGARDING_ORDER = (RecordKind.DEAL, RecordKind.TICKET, RecordKind.COMPANY, RecordKind.CONTACT)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AssociationsConfig(_Section):
    """`require: any` writes an activity with the records that resolve; `all` waits for every one.

    `several`: of several records with the key that is looked for, the `first_created` is taken, or the activity is put
    on `hold` until there is one. `unplaced: append` names the records that have no place in a Dynamics activity at the
    end of its body.
    """

    require: Require = Require.ANY
    several: Several = Several.FIRST_CREATED
    unplaced: Unplaced = Unplaced.DROP


class TwinsConfig(_Section):
    """Activities that people entered in both systems, and when two are taken for one. A word alone is the `mode`."""

    mode: TwinMode = TwinMode.OFF
    window_minutes: Annotated[int, Field(ge=0, le=1_440)] = 15
    same_record: bool = True
    similarity: Annotated[float, Field(gt=0, le=1)] = 0.6

    @model_validator(mode="before")
    @classmethod
    def _takes_a_word(cls, value: Any) -> Any:
        if value is False:
            return {"mode": TwinMode.OFF}  # YAML reads a bare `off` as false
        if value is True:
            raise ValueError("write `report` or `link`: there is no plain on")
        return {"mode": value} if isinstance(value, str) else value

    @property
    def rule(self) -> TwinRule:
        """The rule these settings describe."""
        return TwinRule(timedelta(minutes=self.window_minutes), self.same_record, self.similarity)


class TypeConfig(_Section):
    """One activity type in one flow.

    `filter`: which activities may start to sync. `scope: initial` lets what is linked go on whatever becomes of it;
    with `always` it stops, too, while it does not match. `fields`: what is mapped otherwise than docs/mapping.md says.
    """

    enabled: bool = True
    filter: FilterConfig | None = None
    scope: Literal["initial", "always"] = "initial"
    conflict: Literal["latest_wins", "hubspot_wins", "dynamics_wins"] = "latest_wins"
    delete: Delete = Delete.IGNORE
    restore: Restore = Restore.HOLD
    closed: Closed | None = None
    lossy_edit: LossyEdit = LossyEdit.KEEP_ORIGINAL
    target_edits: TargetEdits = TargetEdits.IGNORE
    twins: TwinsConfig = TwinsConfig()
    unresolved: Unresolved = Unresolved.DEFER
    associations: AssociationsConfig = AssociationsConfig()
    regarding: tuple[RecordKind, ...] = REGARDING_ORDER
    fields: Mapping[str, FieldSettings] = Field(default_factory=dict)


class FlowConfig(_Section):
    """The five types of one flow."""

    note: TypeConfig = TypeConfig()
    task: TypeConfig = TypeConfig()
    call: TypeConfig = TypeConfig()
    email: TypeConfig = TypeConfig()
    meeting: TypeConfig = TypeConfig()

    def of(self, activity_type: ActivityType) -> TypeConfig:
        """The section of a type."""
        section: TypeConfig = getattr(self, activity_type.value)
        return section


class FlowsConfig(_Section):
    """Both flows. Bidirectional = both on."""

    hubspot_to_dynamics: FlowConfig = FlowConfig()
    dynamics_to_hubspot: FlowConfig = FlowConfig()


class OwnersConfig(_Section):
    """Owners are matched by e-mail; `overrides` map one address to another, `fallback` is an address of the target.

    Keys and values are e-mail addresses: {address in the source: address in the target}.
    """

    overrides: Mapping[str, str] = Field(default_factory=dict)
    fallback: str | None = None


class MadeContacts(_Section):
    """`marketing: false`: contacts are meant to be non-marketing ones, and a load says where the portal made others.

    No API makes them marketing contacts, so that nothing else can be asked for.
    """

    marketing: Literal[False]


class MissingInDynamics(_Section):
    """Which records that activities hang on are made in Dynamics where they are missing."""

    contact: bool = False
    company: bool = False


class MissingInHubSpot(_Section):
    """Which records that activities hang on are made in HubSpot where they are missing."""

    contact: bool | MadeContacts = False
    company: bool = False


class CreateMissingConfig(_Section):
    """Missing contacts and companies are made on demand, by flow and kind."""

    hubspot_to_dynamics: MissingInDynamics = MissingInDynamics()
    dynamics_to_hubspot: MissingInHubSpot = MissingInHubSpot()


class SafeguardsConfig(_Section):
    """When a run is stopped before its first write. `override`: the names of those that are off.

    `links`: a run that deletes or changes fewer is never stopped. `delete_share`: of all links, from 0 to 1.
    """

    links: Annotated[int, Field(ge=1)] = 100
    delete_share: Annotated[float, Field(gt=0, le=1)] = 0.2
    override: tuple[Literal["empty_listing", "mass_delete", "everything_changed"], ...] = ()


Share = Annotated[float, Field(gt=0, le=1)]


class SharesConfig(_Section):
    """How much of each API's limits for a short time is ours: the rest is left to other programs of the account."""

    hubspot: Share = 1.0
    dynamics: Share = 1.0


class LimitsConfig(_Section):
    """How far back every incremental read looks again, how much is taken at once, and when waiting is too long.

    `share` of the limits for a short time, `day_share` of HubSpot's daily quota: what is ours of them. Of that, a whole
    run (a backfill) takes at most `backfill_share`, so that incremental ones always get through.

    `waiting_days`: an activity that has waited longer is reported; it goes on waiting. `failed_records`: so many
    failed ones of a flow and type are put up with by the asset check. `association_days`: how long
    after the last write of a pair its associations are watched, 0 for never; `association_minutes`: how often.
    """

    overlap_seconds: Annotated[int, Field(ge=60, le=86_400)] = 600
    max_partitions_per_run: Annotated[int, Field(ge=1, le=366)] = 31
    batch_rows: Annotated[int, Field(ge=100, le=10_000)] = 2_000
    waiting_days: Annotated[int, Field(ge=1, le=3_660)] = 7
    failed_records: Annotated[int, Field(ge=0)] = 0
    association_days: Annotated[int, Field(ge=0, le=3_660)] = 30
    association_minutes: Annotated[int, Field(ge=1, le=1_440)] = 15
    share: SharesConfig = SharesConfig()
    day_share: Share = 1.0
    backfill_share: Share = 0.9


class EmailConfig(_Section):
    """The mail server that alerts go through, with STARTTLS where it has it. Its password is in the environment."""

    server: str
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    user: str = ""
    sender: str
    to: Annotated[tuple[str, ...], Field(min_length=1)]


MOST_BYTES = 131_072_000
"""The most that Dataverse takes, whatever is set there; a file is in memory once, and encoded, while it is sent."""


class AttachmentsConfig(_Section):
    """The files of activities. `links`: they are listed under the body of the copy, each with its size and a link.

    `files`: they are carried themselves, up to `max_bytes` each.
    """

    links: bool = True
    files: bool = False
    max_bytes: Annotated[int, Field(ge=1, le=MOST_BYTES)] = 10_485_760

    @property
    def reads_files(self) -> bool:
        """Whether it is asked which files there are."""
        return self.links or self.files


class AlertsConfig(_Section):
    """Who is told, and of what. The addresses of webhooks are secrets, and in the environment.

    `ui_url`: where the Dagster UI is, for links.
    """

    to: tuple[Literal["slack", "teams", "webhook", "email"], ...] = ()
    events: tuple[Literal["run_failure", "check_failure"], ...] = ("run_failure", "check_failure")
    ui_url: str = "http://127.0.0.1:3000"
    email: EmailConfig | None = None

    @model_validator(mode="after")
    def _email_has_a_server(self) -> Self:
        if "email" in self.to and self.email is None:
            raise ValueError("`to` names email: say `email: {server: ..., sender: ..., to: [...]}` as well")
        return self


class AutomationConfig(_Section):
    """What Dagster's daemon starts by itself. `enabled`: on from the start, instead of when switched on in the UI.

    `look_seconds`: how often the sensors ask whether anything changed. `pass_minutes`: a pass of all types at least so
    often, changed or not: what leaves no sign (deletes, waiting records) is taken in by it. `reconcile_at`: when both
    systems are compared every night, UTC; `reconcile_days`: how far back.
    """

    enabled: bool = False
    look_seconds: Annotated[int, Field(ge=5, le=3_600)] = 15
    pass_minutes: Annotated[int, Field(ge=1, le=1_440)] = 5
    reconcile_at: time = time(2, 30)
    reconcile_days: Annotated[int, Field(ge=1, le=3_660)] = 30


class RetentionConfig(_Section):
    """For how long is kept what staging holds of people's words, and what runs printed.

    `staging_days`: from when a row was staged. Links and decisions are the ledger's, and do not age.
    """

    staging_days: Annotated[int, Field(ge=7, le=36_600)] = 90
    log_days: Annotated[int, Field(ge=1, le=36_600)] = 30


class PlaceConfig(_Section):
    """The properties or columns of an activity that hold its counterpart's id and, where there is one, its link."""

    id: str
    url: str | None = None

    @field_validator("id", "url")
    @classmethod
    def _are_names(cls, value: str | None) -> str | None:
        if value is not None:
            check_name(value)
        return value


def _check_keys(given: Iterable[str], kinds: Iterable[str], what: str) -> None:
    """ValueError where one of them is not `SYSTEM.KIND` of these kinds."""
    systems = sorted({flow.source for flow in map(Flow.parse, FlowsConfig.model_fields)})
    known = list(map(".".join, product(systems, kinds)))
    if unknown := [key for key in given if key not in known]:
        raise ValueError(f"{unknown[0]!r} is no {what} of a system; use {', '.join(known)}")


_WriteBack = bool | Mapping[str, PlaceConfig]


class TrackingConfig(_Section):
    """`create`: missing tracking properties are made. `counterpart_id`: where a record carries its counterpart's id.

    Keys of `counterpart_id` are `SYSTEM.KIND`, values the property or column name. `write_back`: where activities are
    told what their counterpart is: wherever a system lets us make a place for it, or in the named ones, by
    `SYSTEM.TYPE`.
    """

    create: bool = True
    counterpart_id: Mapping[str, str] = Field(
        default_factory=lambda: {
            "hubspot.deal": "dynamics_opportunity_id",
            "hubspot.ticket": "dynamics_incident_id",
            "dynamics.deal": "hubspot_deal_id",
            "dynamics.ticket": "hubspot_ticket_id",
        }
    )
    write_back: _WriteBack = False

    @field_validator("counterpart_id")
    @classmethod
    def _names_systems_and_kinds(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        _check_keys(value, RecordKind, "record")
        return value

    @field_validator("write_back")
    @classmethod
    def _names_systems_and_types(cls, value: _WriteBack) -> _WriteBack:
        if not isinstance(value, bool):
            _check_keys(value, ActivityType, "activity")
        return value

    def places(self, system: str) -> Mapping[ActivityType, Place] | None:
        """Where activities of a system are told what their counterpart is; None: where the system makes a place."""
        if isinstance(self.write_back, bool):
            return None if self.write_back else {}
        prefix = f"{system}."
        return {
            ActivityType(key.removeprefix(prefix)): Place(place.id, place.url or "")
            for key, place in self.write_back.items()
            if key.startswith(prefix)
        }

    def stored_ids(self, system: str) -> dict[str, str]:
        """The property per kind of one system."""
        prefix = f"{system}."
        return {key.removeprefix(prefix): name for key, name in self.counterpart_id.items() if key.startswith(prefix)}


class Configuration(_Section):
    """The whole file. An empty one is valid: everything has a shipped value."""

    start_date: date = date(2015, 1, 1)
    partitions: Literal["daily", "weekly", "monthly"] = "daily"
    flows: FlowsConfig = FlowsConfig()
    owners: OwnersConfig = OwnersConfig()
    create_missing: CreateMissingConfig = CreateMissingConfig()
    safeguards: SafeguardsConfig = SafeguardsConfig()
    limits: LimitsConfig = LimitsConfig()
    automation: AutomationConfig = AutomationConfig()
    alerts: AlertsConfig = AlertsConfig()
    tracking: TrackingConfig = TrackingConfig()
    attachments: AttachmentsConfig = AttachmentsConfig()
    retention: RetentionConfig = RetentionConfig()

    @field_validator("start_date")
    @classmethod
    def _starts_in_the_past(cls, value: date) -> date:
        if value > datetime.now(tz=UTC).date():
            raise ValueError(f"{value} lies in the future; give the first day of history to sync")
        return value

    def __hash__(self) -> int:
        """Alike for equal ones; most of the file is in dicts, which have no hash."""
        return hash((self.start_date, self.partitions))

    def flow(self, flow: Flow) -> FlowConfig:
        """The section of a flow; ConfigurationError when there is no such flow."""
        section: FlowConfig | None = getattr(self.flows, flow.name, None)
        if section is None:
            raise ConfigurationError(
                f"there is no flow {flow.name!r}; the flows are {', '.join(f.name for f in FLOWS)}", setting="--flow"
            )
        return section

    def enabled(self, flow: Flow) -> tuple[ActivityType, ...]:
        """The types that are on, in their usual order."""
        return tuple(kind for kind in ActivityType if self.flow(flow).of(kind).enabled)

    @cached_property
    def mappings(self) -> Mappings:
        """The mappings of all systems, with every flow's `fields` worked in."""
        given = {
            flow: {
                kind: TypeFields(self.flow(flow).of(kind).enabled, self.flow(flow).of(kind).fields)
                for kind in ActivityType
            }
            for flow in FLOWS
        }
        shipped = {system: load_mapping(system) for flow in FLOWS for system in (flow.source, flow.target)}
        found = configure(shipped, given)
        return with_files(found, {flow: self.enabled(flow) for flow in FLOWS}) if self.attachments.links else found

    def mapping(self, system: str) -> SystemMapping:
        """The mapping of a system."""
        return self.mappings.systems[system]

    def carried(self, flow: Flow, activity_type: ActivityType) -> Carried:
        """Which fields a flow leaves out, and which it alone carries."""
        return self.mappings.carried[flow.name, activity_type]

    def makes_missing(self, flow: Flow, kind: str) -> bool:
        """Whether a missing record of this kind is made in the flow's target, for an activity that hangs on it."""
        section = getattr(self.create_missing, flow.name, None)
        return bool(getattr(section, kind, False))

    def wants_non_marketing(self, flow: Flow) -> bool:
        """Whether contacts that the flow makes are meant to be non-marketing ones."""
        section = getattr(self.create_missing, flow.name, None)
        return isinstance(getattr(section, "contact", False), MadeContacts)

    def policy(self, flow: Flow, activity_type: ActivityType, *, shows_unassociated: bool) -> Policy:
        """The policy `decide` uses. `shows_unassociated`: the target shows activities that hang on nothing."""
        own = self.flow(flow).of(activity_type)
        two_way = self.flow(flow.mirror).of(activity_type).enabled
        return Policy(
            two_way=two_way,
            conflict=_winner(own.conflict, flow),
            delete=own.delete,
            restore=own.restore,
            closed=own.closed or (Closed.LEAVE if activity_type is ActivityType.EMAIL else Closed.REOPEN),
            lossy_edit=own.lossy_edit,
            target_edits=own.target_edits,
            require=own.associations.require,
            unresolved=own.unresolved,
            source_breaks_ties=flow.source == "hubspot",
            needs_association=not shows_unassociated,
            filter_always=own.scope == "always",
            one_way_fields=self.carried(flow, activity_type).one_way,
        )

    def condition(self, flow: Flow, activity_type: ActivityType) -> Condition | None:
        """What the filter of a flow and type says; None where there is none."""
        given = self.flow(flow).of(activity_type).filter
        return None if given is None else given.condition

    def also_read(self, system: str) -> dict[str, tuple[str, ...]]:
        """The properties of a system that filters ask for, by activity type and kind of record."""
        return joined(
            {kind.value if about == OWN else about: names}
            for flow in FLOWS
            if flow.source == system
            for kind in self.enabled(flow)
            for about, names in records_in(self.condition(flow, kind)).items()
        )


FLOWS = tuple(Flow.parse(name) for name in FlowsConfig.model_fields)


def _winner(setting: str, flow: Flow) -> Conflict:
    if setting == "latest_wins":
        return Conflict.LATEST
    return Conflict.SOURCE if setting == f"{flow.source}_wins" else Conflict.TARGET


def load_configuration(path: Path) -> Configuration:
    """The validated file; ConfigurationError that names file, line and setting, and what would be right."""
    configuration, problems = examine_configuration(path)
    if configuration is None:
        raise ConfigurationError("\n".join(problems), setting="ACTIVITY_SYNC_CONFIG")
    return configuration


def examine_configuration(path: Path) -> tuple[Configuration | None, tuple[str, ...]]:
    """The validated file and no problem; or None, and each problem in a line of its own."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        return None, (f"the configuration {path} cannot be read: {error.strerror}",)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return None, (f"{path}, line {line}: this is no UTF-8: save the file as UTF-8",)
    try:
        marked = read_marked(text)
    except NotYaml as error:
        return None, (f"{path}, line {error.line}: {error}" if error.line else f"{path}: {error}",)
    return _validated(marked, name=str(path))


def parse_configuration(document: Any, *, name: str) -> Configuration:
    """The validated document; `name` is how messages call it. Raises as `load_configuration`, without lines."""
    configuration, problems = _validated(mark_values(document), name=name)
    if configuration is None:
        raise ConfigurationError("\n".join(problems), setting="ACTIVITY_SYNC_CONFIG")
    return configuration


def _validated(marked: Marked, *, name: str) -> tuple[Configuration | None, tuple[str, ...]]:
    document = {} if marked.value is None else marked.value
    if not isinstance(document, dict):
        kind = "a list" if isinstance(document, list) else "a single text"
        return None, (f"{name}: the file is {kind}; write settings, as `start_date: 2015-01-01`",)
    try:
        configuration, refused = Configuration.model_validate(document), None
    except ValidationError as error:
        configuration, refused = None, error
    problems = find_problems(Configuration, refused, marked)
    if configuration is not None:
        problems += _misnamed(configuration, marked)
        problems += _unmappable(configuration, marked)
    return (None if problems else configuration), tuple(problem.told(name) for problem in problems)


def _misnamed(configuration: Configuration, marked: Marked) -> list[Problem]:
    """What filters name and the mapping of their flow's source does not."""
    return find_wrong(
        (
            one
            for flow in FLOWS
            for kind in ActivityType
            if (given := configuration.flow(flow).of(kind).filter) is not None
            for mapping in [configuration.mapping(flow.source).types[kind]]
            for one in misnamed(given, mapping, ("flows", flow.name, kind.value, "filter"))
        ),
        marked,
    )


def _unmappable(configuration: Configuration, marked: Marked) -> list[Problem]:
    """Fields that cannot be mapped as they are said."""
    return find_wrong(
        (
            (("flows", one.flow, one.type, "fields", one.field, *([one.key] if one.key else [])), one.message)
            for one in configuration.mappings.problems
        ),
        marked,
    )
