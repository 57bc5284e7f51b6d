"""Pictures for the metadata of assets: PNG inside Markdown, which the UI shows as it is."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from datetime import date

import dagster as dg

_INCHES = (9.0, 3.2)
_DOTS_PER_INCH = 90


def plot_of_days(title: str, days: Sequence[date], series: Mapping[str, Sequence[int]]) -> dg.MarkdownMetadataValue:
    """One line per named series over the days, which are in order."""
    # Slow to load, and wanted by one asset only. A figure without pyplot needs no display and leaks no state.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=_INCHES, dpi=_DOTS_PER_INCH, layout="constrained")
    axes = figure.add_subplot()
    styles = ("-", "--", ":", "-.")
    for place, (name, values) in enumerate(series.items()):
        axes.plot(days, values, styles[place % len(styles)], label=name, marker="." if len(days) < 40 else None)  # type: ignore[arg-type]
    axes.set_title(title)
    axes.set_ylim(bottom=0)
    axes.legend()
    figure.autofmt_xdate()
    picture = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(picture, format="png")
    text = base64.b64encode(picture.getvalue()).decode("ascii")
    return dg.MetadataValue.md(f"![{title}](data:image/png;base64,{text})")
