"""The names of staged files: `FLOW/STEP/type=TYPE/FIRST_LAST/RUN.parquet`, from the first to the last partition."""

from __future__ import annotations

from dataclasses import dataclass

from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.staging.places import Place

# Where the views stand, beside the flows' folders.
VIEWS = "staging.duckdb"


@dataclass(frozen=True, slots=True, order=True)
class StagedFile:
    """One file: what one run's step staged for a range of partitions."""

    flow: str
    step: Step
    activity_type: ActivityType
    first: str
    last: str
    run_id: str

    def __post_init__(self) -> None:
        for part in (self.flow, self.first, self.last, self.run_id):
            if not part or "/" in part or "\\" in part or part.startswith(".") or "*" in part:
                raise ValueError(f"{part!r} cannot be part of a staged file's name")

    @property
    def path(self) -> str:
        """Relative to staging's root."""
        return f"{self.flow}/{self.step}/type={self.activity_type}/{self.first}_{self.last}/{self.run_id}.parquet"

    @classmethod
    def parse(cls, path: str) -> StagedFile:
        """The inverse of `path`."""
        flow, step, kind, partitions, name = path.split("/")
        first, _, last = partitions.partition("_")
        return cls(
            flow=flow,
            step=Step(step),
            activity_type=ActivityType(kind.removeprefix("type=")),
            first=first,
            last=last,
            run_id=name.removesuffix(".parquet"),
        )


def listed(
    place: Place,
    flow: str,
    activity_type: ActivityType,
    step: Step,
    *,
    run_id: str | None = None,
    partitions: tuple[str, str] | None = None,
) -> list[str]:
    """The paths of the files that may hold such rows, sorted; `partitions` are the first and the last, inclusive."""
    below = f"{flow}/{step}/type={activity_type}"
    name = f"{run_id or '*'}.parquet"
    if partitions is None:
        return place.listed(f"{below}/*/{name}")
    found = []
    for folder in place.folders(below):
        first, _, last = folder.partition("_")
        if first <= partitions[1] and partitions[0] <= last:
            found += place.listed(f"{below}/{folder}/{name}")
    return sorted(found)


def pattern(flow: str, step: Step) -> str:
    """All files of a step, over types and runs."""
    return f"{flow}/{step}/*/*/*.parquet"


def flows(place: Place) -> list[str]:
    """The flows that have staged anything."""
    return [flow for flow in place.folders("") if set(place.folders(flow)) & set(Step)]
