"""The `Prefer` header."""

import fnmatch
import re
from dataclasses import dataclass

_PREFERENCE = re.compile(r'\s*([\w.-]+)\s*(?:=\s*("[^"]*"|[^,]*))?\s*(?:,|$)')


@dataclass(frozen=True)
class Preferences:
    """What the client prefers. `annotations` are patterns; `applied` is the answer's `Preference-Applied`."""

    representation: bool = False
    page_size: int | None = None
    annotations: tuple[str, ...] = ()
    track_changes: bool = False
    continue_on_error: bool = False
    applied: str = ""

    def wants(self, annotation: str) -> bool:
        """Whether an annotation, named without its `@`, was asked for."""
        return any(fnmatch.fnmatchcase(annotation, pattern) for pattern in self.annotations)


def parse_preferences(header: str) -> Preferences:
    """Parses one header or several joined by commas; unknown preferences are ignored."""
    given: dict[str, str] = {}
    position = 0
    while position < len(header):
        match = _PREFERENCE.match(header, position)
        if match is None or match.end() == position:
            break
        given[match.group(1).lower()] = (match.group(2) or "").strip().strip('"')
        position = match.end()
    size = given.get("odata.maxpagesize", "")
    applied: list[str] = []
    if given.get("return") == "representation":
        applied.append("return=representation")
    if size.isdigit() and int(size) > 0:
        applied.append(f"odata.maxpagesize={size}")
    if given.get("odata.include-annotations"):
        applied.append(f'odata.include-annotations="{given["odata.include-annotations"]}"')
    applied += [flag for flag in ("odata.track-changes", "odata.continue-on-error") if flag in given]
    return Preferences(
        representation=given.get("return") == "representation",
        page_size=int(size) if size.isdigit() and int(size) > 0 else None,
        annotations=tuple(filter(None, given.get("odata.include-annotations", "").split(","))),
        track_changes="odata.track-changes" in given,
        continue_on_error="odata.continue-on-error" in given,
        applied=",".join(applied),
    )
