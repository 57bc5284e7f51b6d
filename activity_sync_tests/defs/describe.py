"""What the definitions promise, in one document: `python -m activity_sync_tests.defs.describe` prints it anew."""

from __future__ import annotations

import json
from typing import Any

from activity_sync.configuration import Configuration
from activity_sync.defs.build import build_definitions


def described(configuration: Configuration) -> dict[str, Any]:
    """Assets with what hangs on them, and jobs with what they run; sorted, JSON-able."""
    repository = build_definitions(configuration).get_repository_def()
    graph = repository.asset_graph
    return {
        "assets": {
            key.to_user_string(): {
                "backfill": node.backfill_policy.max_partitions_per_run if node.backfill_policy else None,
                "checks": sorted(check.name for check in node.check_keys),
                "deps": sorted(parent.to_user_string() for parent in node.parent_keys),
                "description": node.description,
                "group": node.group_name,
                "kinds": sorted(node.kinds),
                "partitions": str(node.partitions_def),
                "pools": sorted(node.pools),
                "tags": {name: value for name, value in sorted(node.tags.items()) if name.startswith("activity_sync/")},
            }
            for key in sorted(graph.get_all_asset_keys())
            for node in [graph.get(key)]
        },
        "jobs": {
            job.name: {
                "assets": len(job.asset_layer.selected_asset_keys),
                "checks": len(job.asset_layer.asset_graph.asset_check_keys),
                "partitions": str(job.partitions_def),
                "tags": dict(sorted(job.tags.items())),
            }
            for job in sorted(repository.get_all_jobs(), key=lambda one: one.name)
            if not job.name.startswith("__")
        },
        "sensors": {
            sensor.name: {
                "description": sensor.description,
                "job": sensor.job_name,
                "seconds": sensor.minimum_interval_seconds,
                "status": sensor.default_status.value,
            }
            for sensor in sorted(repository.sensor_defs, key=lambda one: one.name)
        },
        "schedules": {
            schedule.name: {
                "cron": schedule.cron_schedule,
                "description": schedule.description,
                "job": schedule.job_name,
                "status": schedule.default_status.value,
            }
            for schedule in sorted(repository.schedule_defs, key=lambda one: one.name)
        },
    }


if __name__ == "__main__":
    print(json.dumps(described(Configuration()), indent=1))  # noqa: T201  # its whole purpose
