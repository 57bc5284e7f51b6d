"""The files of `deploy/`, as far as they can be judged without a cluster: docs/deployment.md says what that leaves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import kubernetes.client as k8s
import pytest
import yaml
from dagster._core.instance.ref import InstanceRef
from dagster._core.launcher import RunLauncher
from dagster_docker import DockerRunLauncher
from dagster_k8s import K8sRunLauncher
from dagster_k8s.container_context import K8sContainerContext
from dagster_k8s.models import k8s_model_from_dict, k8s_snake_case_dict
from dagster_postgres import DagsterPostgresStorage

from activity_sync.settings import IN_FILES, OPTIONAL, PROJECT_ROOT, REQUIRED

_DEPLOY = PROJECT_ROOT / "deploy"
_COMPOSE = _DEPLOY / "compose"
_DAGSTER = {f"DAGSTER_POSTGRES_{name}": name.lower() for name in ("HOST", "USER", "PASSWORD", "DB")}
_WRITABLE = ("/var/lib/activity-sync", "/tmp")  # noqa: S108 - in a container
_OURS = {*OPTIONAL, *IN_FILES.values(), *(name for names in REQUIRED.values() for name in names)}
_NEEDED = {
    *(name for names in REQUIRED.values() for name in names),
    "ACTIVITY_SYNC_LEDGER_URL",
    "ACTIVITY_SYNC_STAGING",
}


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def variables(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> InstanceRef:
    """Compose's dagster.yaml, checked by Dagster's own schema of it."""
    for name, value in _DAGSTER.items():
        monkeypatch.setenv(name, value)
    return InstanceRef.from_dir(str(_COMPOSE))


def test_compose_has_its_runs_in_containers_and_its_storage_in_postgresql(
    instance: InstanceRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        DagsterPostgresStorage, "__init__", lambda _self, postgres_url, *_, **__: asked.append(postgres_url)
    )

    launcher = instance.run_launcher_data.rehydrate(as_type=RunLauncher)
    instance.storage_data.rehydrate(as_type=DagsterPostgresStorage)

    assert isinstance(launcher, DockerRunLauncher)
    assert asked == ["postgresql+psycopg2://user:password@host:5432/db"]


def test_compose_gives_runs_all_that_they_need_and_nothing_unknown() -> None:
    given = variables(_COMPOSE / "activity-sync.env.example")
    passed = set(read(_COMPOSE / "dagster.yaml")["run_launcher"]["config"]["env_vars"])

    assert passed == set(given)
    assert passed - set(_DAGSTER) <= _OURS
    assert {*_NEEDED, "ACTIVITY_SYNC_KEY", *_DAGSTER} <= passed


def test_compose_and_its_instance_name_the_same_things() -> None:
    compose, dagster = read(_COMPOSE / "compose.yaml"), read(_COMPOSE / "dagster.yaml")
    config = dagster["run_launcher"]["config"]
    names = {one["name"]: key for key, one in compose["volumes"].items()}
    mounted = {
        names[volume]: target for volume, target in (one.split(":") for one in config["container_kwargs"]["volumes"])
    }

    assert config["network"] == compose["networks"]["activity-sync"]["name"]
    assert f"staging:{mounted['staging']}" in compose["services"]["code"]["volumes"]
    for service in ("webserver", "daemon"):
        assert f"compute-logs:{mounted['compute-logs']}" in compose["services"][service]["volumes"]
    assert dagster["compute_logs"]["config"]["base_dir"] == mounted["compute-logs"]
    assert variables(_COMPOSE / "activity-sync.env.example")["ACTIVITY_SYNC_STAGING"] == mounted["staging"]
    assert compose["services"]["code"]["environment"]["DAGSTER_CURRENT_IMAGE"] == compose["services"]["code"]["image"]


def test_compose_logs_in_to_the_server_that_it_makes() -> None:
    made = variables(_COMPOSE / "postgres.env.example")
    used = variables(_COMPOSE / "activity-sync.env.example")
    user, password = made["POSTGRES_USER"], made["POSTGRES_PASSWORD"]

    assert used["ACTIVITY_SYNC_LEDGER_URL"] == f"postgresql+psycopg://{user}:{password}@postgres:5432/ledger"
    assert (used["DAGSTER_POSTGRES_USER"], used["DAGSTER_POSTGRES_PASSWORD"]) == (user, password)
    assert used["DAGSTER_POSTGRES_DB"] == made["POSTGRES_DB"] == "dagster"
    assert "CREATE DATABASE ledger" in (_COMPOSE / "databases.sql").read_text(encoding="utf-8")


def test_compose_keeps_the_projects_own_rules_of_what_runs_beside_what() -> None:
    ours, theirs = read(PROJECT_ROOT / "dagster.yaml"), read(_COMPOSE / "dagster.yaml")

    for section in ("concurrency", "retention", "run_retries", "run_monitoring", "run_queue"):
        assert theirs[section] == ours[section], section


def test_values_make_a_launcher_and_pods_that_kubernetes_knows() -> None:
    """By the chart's rendering: camel case in the values, snake case in `dagster.yaml` and the container's context."""
    values = read(_DEPLOY / "kubernetes" / "values.yaml")
    [deployment] = values["dagster-user-deployments"]["deployments"]
    launcher = values["runLauncher"]["config"]["k8sRunLauncher"]
    run = {
        re.sub("([A-Z])", lambda match: "_" + match[0].lower(), name): one
        for name, one in launcher["runK8sConfig"].items()
    }

    context = K8sContainerContext.create_from_config(
        {
            "k8s": {
                "image_pull_policy": deployment["image"]["pullPolicy"],
                "env_secrets": [one["name"] for one in deployment["envSecrets"]],
                "env": deployment["env"],
                "volumes": deployment["volumes"],
                "volume_mounts": deployment["volumeMounts"],
                "resources": deployment["resources"],
                "run_k8s_config": run,
            }
        }
    ).run_k8s_config
    container = k8s_model_from_dict(k8s.V1Container, {**context.container_config, "name": "run"})
    pod = k8s_model_from_dict(k8s.V1PodSpec, {**context.pod_spec_config, "containers": [{"name": "run"}]})
    job = k8s_model_from_dict(k8s.V1JobSpec, {**context.job_spec_config, "template": {}})

    assert values["runLauncher"]["type"] == K8sRunLauncher.__name__
    assert container.security_context.read_only_root_filesystem
    assert pod.security_context.run_as_non_root
    assert {one.mount_path for one in container.volume_mounts} == set(_WRITABLE) | {"/etc/activity-sync"}
    assert {one.name for one in pod.volumes} == {one.name for one in container.volume_mounts}
    assert job.backoff_limit == 0
    for kind, name in ((k8s.V1PodSecurityContext, "podSecurityContext"), (k8s.V1SecurityContext, "securityContext")):
        k8s_model_from_dict(kind, k8s_snake_case_dict(kind, deployment[name]))
    assert {one["name"] for one in deployment["env"]} <= _OURS


def test_values_keep_the_projects_own_rules_of_what_runs_beside_what() -> None:
    ours = read(PROJECT_ROOT / "dagster.yaml")
    values = read(_DEPLOY / "kubernetes" / "values.yaml")
    pools, runs = values["concurrency"]["pools"], values["concurrency"]["runs"]

    assert {"default_limit": pools["defaultLimit"], "granularity": pools["granularity"]} == ours["concurrency"]["pools"]
    assert runs["maxConcurrentRuns"] == ours["concurrency"]["runs"]["max_concurrent_runs"]
    assert values["dagsterDaemon"]["runRetries"]["maxRetries"] == ours["run_retries"]["max_retries"]


def test_image_installs_what_is_pinned_and_runs_as_nobody() -> None:
    lines = (_DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    sent = (_DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8")

    assert "pip install --require-hashes -r requirements.lock" in lines
    assert re.findall(r"^USER (.+)$", lines, re.MULTILINE) == ["10001:10001"]
    for copied in re.findall(r"^COPY (?!--)(.+) \S+$", lines, re.MULTILINE):
        for name in copied.split():
            assert (PROJECT_ROOT / name).exists(), name
            assert f"!{name}\n" in sent, name
