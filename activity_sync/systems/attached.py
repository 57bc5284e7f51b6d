"""The files that a record was read with, as a field of its activity. Pure."""

from __future__ import annotations

from dataclasses import replace

from activity_sync.activities.activity import Activity
from activity_sync.activities.files import AttachedFile
from activity_sync.mapping import TypeMapping
from activity_sync.mapping.attached import list_files, losses_of, own_files_field
from activity_sync.systems.records import FILES, SourceRecord


def add_files(mapping: TypeMapping, activity: Activity, record: SourceRecord) -> Activity:
    """The activity with the list of its files, where those are mapped and were read; else they are as not read."""
    field = own_files_field(mapping)
    if field is None or FILES not in record.payload:
        return activity
    files = [AttachedFile.from_json(one) for one in record.payload[FILES]]
    fields = dict(activity.fields)
    if all(one.id for one in files):
        fields[field] = list_files(files, opens_at=activity.url)
    return replace(activity, fields=fields, losses=losses_of(field, files))
