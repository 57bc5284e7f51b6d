"""The knobs of a sandbox: one flat set for both servers, changeable while they run."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


class UnknownSetting(ValueError):
    """A setting that does not exist, or a value of another type than the setting's."""


@dataclass
class Settings:
    """What can be set at run time. Fields without a prefix serve both servers.

    Defaults are the services' documented behaviour; where that is open, the harsher answer.
    """

    latency_ms: float = 0.0
    latency_jitter_ms: float = 0.0
    rewrite_bodies: bool = True
    shuffle_results: bool = True
    limits_enabled: bool = True
    log_size: int = 2000

    # HubSpot. Numbers: developers.hubspot.com "usage guidelines" (facts: hubspot.md).
    hubspot_access_token: str = "sandbox-token"  # noqa: S105 - a stand-in guards nothing
    search_lag_seconds: float = 0.0
    allow_unique_properties: bool = True
    allow_custom_properties: bool = True
    hubspot_requests_per_10_seconds: int = 190
    hubspot_search_per_second: int = 5
    hubspot_requests_per_day: int = 650_000
    hubspot_scopes: tuple[str, ...] = ("*",)
    hubspot_portal_id: int = 8727216
    hubspot_ui_domain: str = "app.hubspot.com"
    hubspot_app_id: str = "8151242"
    hubspot_empty_values: str = "null"
    """`null` shows a property that was asked for and is empty as null, `absent` leaves it out."""
    hubspot_post_processing: bool = True
    """Whether a write's modified date moves once more, 0.1 to 1.5 s later."""
    hubspot_due_tasks_move: bool = True
    """Whether a task's modified date moves when the task falls due."""
    hubspot_patch_answers_subset: bool = True
    hubspot_unknown_ids_silent: bool = False
    """Whether a batch update leaves rows with an unknown id out without naming them."""
    hubspot_merge_makes_new_record: bool = False
    hubspot_upload_gives_existing: bool = False
    """Whether an upload to a path that is taken gives the file that is there; else the new one gets another name."""
    hubspot_largest_upload: int = 20_971_520
    """In bytes: it depends on the account."""
    hubspot_app_makes_marketing_contacts: bool = False
    """Whether the app is set to create marketing contacts, which cost the portal money."""

    # Dynamics. Numbers: learn.microsoft.com data-platform/api-limits.
    dynamics_tenant_id: str = "11111111-2222-3333-4444-555555555555"
    dynamics_client_id: str = "sandbox-client"
    dynamics_client_secret: str = "sandbox-secret"  # noqa: S105 - a stand-in guards nothing
    dynamics_token_seconds: int = 3599
    dynamics_requests_per_window: int = 6000
    dynamics_execution_seconds_per_window: float = 1200.0
    dynamics_window_seconds: float = 300.0
    dynamics_concurrency: int = 52
    dynamics_dop_hint: int = 8
    dynamics_tables: tuple[str, ...] = ("lead", "opportunity", "incident", "invoice")
    dynamics_change_tracking: tuple[str, ...] = ("account", "contact", "task", "phonecall", "annotation")
    dynamics_bulk_tables: tuple[str, ...] = ("account", "contact", "task")
    dynamics_delta_days: float = 7.0
    dynamics_reads_whole_organization: bool = True
    dynamics_page_size: int = 5000
    dynamics_count_cap: int = 5000
    dynamics_closed_is_locked: bool = True
    dynamics_may_override_createdon: bool = True
    dynamics_unresolved_parties: bool = False
    dynamics_appointments_need_times: bool = True
    dynamics_missing_privileges: tuple[str, ...] = ()
    dynamics_allow_custom_columns: bool = True
    dynamics_failed_change_set_plain: bool = False

    def change(self, changes: Mapping[str, Any]) -> None:
        """Sets the named settings, all or none. Raises UnknownSetting."""
        converted = {name: self._converted(name, value) for name, value in changes.items()}
        for name, value in converted.items():
            setattr(self, name, value)

    def _converted(self, name: str, value: Any) -> Any:
        if name not in {field.name for field in fields(self)}:
            raise UnknownSetting(f"There is no setting {name!r}.")
        present = getattr(self, name)
        match present, value:
            case (bool(), bool()) | (str(), str()):
                return value
            case (int(), int()) if not isinstance(present, bool) and not isinstance(value, bool):
                return value
            case (float(), int() | float()) if not isinstance(value, bool):
                return float(value)
            case (tuple(), list() | tuple()) if all(isinstance(item, str) for item in value):
                return tuple(value)
        raise UnknownSetting(f"The setting {name!r} takes values like {present!r}, not {value!r}.")

    def shown(self) -> dict[str, Any]:
        """All settings as JSON-ready values."""
        return asdict(self)
