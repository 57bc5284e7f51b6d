"""Between pandas frames and Arrow: every cell of a frame is a plain Python value, or None where it is empty."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pyarrow as pa

from activity_sync.staging.columns import Column, Kind

_LOCAL = pa.timestamp("us")


def to_arrow(frame: pd.DataFrame, columns: tuple[Column, ...], fixed: dict[str, object]) -> pa.Table:
    """The frame with exactly `columns`, in order; those of `fixed` have that value in every row.

    A column that the frame lacks is empty. ValueError names columns that do not exist, and cells of a wrong type.
    """
    unknown = sorted(set(map(str, frame.columns)) - {column.name for column in columns})
    if unknown:
        raise ValueError(f"no such staging columns: {', '.join(unknown)}")
    arrays = []
    for column in columns:
        if column.name in fixed:
            arrays.append(pa.array([fixed[column.name]] * len(frame), type=column.kind.arrow))
        elif column.name in frame.columns:
            arrays.append(_array(frame[column.name], column))
        else:
            arrays.append(pa.nulls(len(frame), type=column.kind.arrow))
    return pa.Table.from_arrays(arrays, names=[column.name for column in columns])


def to_frame(batch: pa.RecordBatch) -> pd.DataFrame:
    """The frame, all columns of dtype object: no NaN, no NaT, integers stay integers, times are aware."""
    return pd.DataFrame(
        {
            name: pd.Series(_cells(column), dtype=object)
            for name, column in zip(batch.schema.names, batch.columns, strict=True)
        }
    )


def _cells(column: pa.Array) -> list[object]:
    if column.null_count == len(column):
        return [None] * len(column)
    if column.type != Kind.MOMENT.arrow:
        cells: list[object] = column.to_pylist()
        return cells
    # Arrow looks the zone up for every cell.
    moments: list[datetime | None] = column.cast(_LOCAL).to_pylist()
    return [None if one is None else one.replace(tzinfo=UTC) for one in moments]


def _array(cells: pd.Series, column: Column) -> pa.Array:
    try:
        return pa.Array.from_pandas(cells, type=column.kind.arrow)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        # Arrow's message may quote the cell; a staged cell is somebody's text.
        raise ValueError(f"a cell of staging column {column.name!r} is no {column.kind.sql}") from error
