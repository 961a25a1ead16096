"""The files of deploy/: they say the same as the project's own settings, and the tools that read them take them."""

import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import cast

import kubernetes
import pytest
import yaml
from dagster._core.instance.ref import InstanceRef
from dagster_docker import DockerRunLauncher
from dagster_k8s import K8sRunLauncher
from dagster_k8s.container_context import K8sContainerContext
from dagster_k8s.job import construct_dagster_k8s_job, get_user_defined_k8s_config
from dagster_k8s.models import k8s_model_from_dict, k8s_snake_case_dict
from docker.types import HostConfig
from kubernetes.utils.quantity import parse_quantity

from pd_assets.cli import build_parser
from pd_assets.definitions import defs
from pd_assets.jobs import jobs
from pd_assets.lib.guard import OWN_NAMES
from pd_assets.running.launcher import WatchedRunLauncher
from tests.conftest import ROOT
from tests.integration.conftest import require

DEPLOY = ROOT / "deploy"
DOCKERFILE = DEPLOY / "docker/Dockerfile"
# As `systemd-analyze security` counts: 100 for a unit that has everything; 78 without most of these lines.
MOST_EXPOSED = 40
OF_THE_PLACE = {"storage", "run_launcher"}
DATABASE = ("DAGSTER_PG_HOST", "DAGSTER_PG_PORT", "DAGSTER_PG_USER", "DAGSTER_PG_PASSWORD", "DAGSTER_PG_DB")
COMPOSE = ("docker-compose.yaml", "docker-compose.runs.yaml", "docker-compose.gpu.yaml")
NO_CLUSTER = """
apiVersion: v1
kind: Config
clusters: [{name: none, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: none, context: {cluster: none, user: none}}]
users: [{name: none, user: {}}]
current-context: none
"""
Yaml = dict[str, object]


def read(path: Path) -> Yaml:
    return cast(Yaml, yaml.safe_load(path.read_text()))


def at(content: object, *keys: str | int) -> object:
    """What lies below some keys of a YAML file."""
    for key in keys:
        content = cast(Mapping[str | int, object], content)[key]
    return content


@pytest.mark.parametrize("name", ["postgres/dagster.yaml", "docker/dagster.yaml"])
def test_dagsters_settings_differ_from_the_projects_own_only_in_storage_and_launching(name: str) -> None:
    own, deployed = read(ROOT / "dagster.yaml"), read(DEPLOY / name)
    assert own.keys() == deployed.keys()
    assert {key for key in own if own[key] != deployed[key]} <= OF_THE_PLACE
    assert deployed["storage"] != own["storage"]


@pytest.mark.parametrize(
    ("name", "launcher"), [("postgres", WatchedRunLauncher), ("docker", DockerRunLauncher)], ids=["postgres", "docker"]
)
def test_dagster_accepts_its_settings(
    name: str, launcher: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(DEPLOY / name / "dagster.yaml", tmp_path)
    for variable in DATABASE:
        monkeypatch.setenv(variable, "5432")
    ref = InstanceRef.from_dir(str(tmp_path))
    assert isinstance(ref.run_launcher, launcher)
    assert ref.storage_data is not None and ref.storage_data.class_name == "DagsterPostgresStorage"
    assert "postgresql+psycopg2" in ref.storage_data.config_yaml


def test_docker_takes_what_a_run_asks_for_with_its_gpu_too() -> None:
    text = (DEPLOY / "docker/dagster.yaml").read_text()
    shown = re.sub(r"^( +)# (shm_size|device_requests|  - \{driver)", r"\1\2", text, flags=re.MULTILINE)
    asked = cast(dict[str, object], at(yaml.safe_load(shown), "run_launcher", "config", "container_kwargs"))
    host = HostConfig(
        version="1.43",
        auto_remove=asked["auto_remove"],
        init=asked["init"],
        binds=asked["volumes"],
        shm_size=asked["shm_size"],
        device_requests=asked["device_requests"],
        read_only=asked["read_only"],
        tmpfs=asked["tmpfs"],
        cap_drop=asked["cap_drop"],
        security_opt=asked["security_opt"],
    )
    assert host["ReadonlyRootfs"] and host["Tmpfs"] == {"/tmp": ""} and host["CapDrop"] == ["ALL"]
    assert host["DeviceRequests"] == [
        {"Driver": "nvidia", "Count": -1, "DeviceIDs": [], "Capabilities": [["gpu"]], "Options": {}}
    ]
    assert "public-domain-diffusion-home:/data" in host["Binds"]


def test_every_setting_that_a_runs_container_gets_is_set_where_it_is_launched() -> None:
    handed_on = cast(list[str], at(read(DEPLOY / "docker/dagster.yaml"), "run_launcher", "config", "env_vars"))
    base, override = (read(DEPLOY / "docker" / name) for name in COMPOSE[:2])
    for service in ("daemon", "webserver"):
        both = (at(base, "services", service, "environment"), at(override, "services", service, "environment"))
        assert set(handed_on) <= {name for one in both for name in cast(Mapping[str, object], one)}


@pytest.mark.parametrize("behind", [(), (1, 2)], ids=["alone", "with-both-behind"])
def test_compose_accepts_its_files(behind: tuple[int, ...], tmp_path: Path) -> None:
    require(lambda: [] if shutil.which("docker-compose") else ["docker-compose"])
    folder = tmp_path / "deploy/docker"
    shutil.copytree(DEPLOY / "docker", folder)
    (tmp_path / ".env").write_text("DAGSTER_PG_PASSWORD=secret\nPD_CONTACT=someone@somewhere.net\n")
    files = [argument for index in (0, *behind) for argument in ("-f", str(folder / COMPOSE[index]))]
    command = ["docker-compose", "--env-file", str(tmp_path / ".env"), *files, "config"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=without_settings())
    assert done.returncode == 0, done.stderr
    found = yaml.safe_load(done.stdout)
    assert set(at(found, "services")) == {"postgres", "prepare", "code", "webserver", "daemon"}  # type: ignore[call-overload]
    assert at(found, "services", "daemon", "environment", "PD_CONTACT") == "someone@somewhere.net"
    assert at(found, "services", "code", "environment", "PD_HOME") == "/data"

    (tmp_path / ".env").write_text("")
    refused = subprocess.run(command, capture_output=True, text=True, check=False, env=without_settings())
    assert refused.returncode != 0 and "DAGSTER_PG_PASSWORD" in refused.stderr


def without_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PD_", "DAGSTER_"))}


def test_the_image_copies_what_is_there_and_what_the_builder_gets() -> None:
    lines = (DEPLOY / "docker/Dockerfile").read_text().splitlines()
    copied = [
        word
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
        if not word.startswith("--")
    ]
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    let_in = [line.removeprefix("!") for line in ignored if line.startswith("!")]
    assert {name for name in copied if not (ROOT / name).exists()} == set()
    assert set(copied) == set(let_in)
    for secret in (".env", "data/commons/archive.json", ".git/config"):
        assert any(fnmatch.fnmatch(secret, line) for line in ignored if not line.startswith(("#", "!")))


def test_every_name_of_the_code_location_is_the_same() -> None:
    names = {
        str(at(read(ROOT / "workspace.yaml"), "load_from", 0, "python_module", "location_name")),
        str(at(read(DEPLOY / "docker/workspace.yaml"), "load_from", 0, "grpc_server", "location_name")),
        str(at(helm(), "dagster-user-deployments", "deployments", 0, "name")),
    }
    assert names == {"pd"}


def helm() -> Yaml:
    return read(DEPLOY / "kubernetes/values.yaml")


def test_the_charts_values_say_what_the_projects_own_settings_say() -> None:
    own, values = read(ROOT / "dagster.yaml"), helm()
    assert at(values, "concurrency", "runs") == {
        "maxConcurrentRuns": at(own, "concurrency", "runs", "max_concurrent_runs")
    }
    pools = cast(Mapping[str, object], at(own, "concurrency", "pools"))
    assert at(values, "concurrency", "pools") == {
        "defaultLimit": pools["default_limit"],
        "granularity": pools["granularity"],
    }
    retries = cast(Mapping[str, object], own["run_retries"])
    assert at(values, "dagsterDaemon", "runRetries") == {
        "enabled": retries["enabled"],
        "maxRetries": retries["max_retries"],
        "retryOnAssetOrOpFailure": retries["retry_on_asset_or_op_failure"],
    }
    assert at(values, "retention", "schedule", "purgeAfterDays") == at(own, "retention", "schedule", "purge_after_days")
    assert at(values, "telemetry", "enabled") == at(own, "telemetry", "enabled")
    version = re.search(r"^dagster==(.+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert version is not None
    assert f"--version {version[1]} " in (DEPLOY / "kubernetes/values.yaml").read_text()


def snake(name: str) -> str:
    return re.sub("[A-Z]", lambda found: "_" + found[0].lower(), name)


def run_pod(folder: Path, tags: Mapping[str, object]) -> kubernetes.client.V1PodSpec:
    """The pod of a run: Dagster makes it of the launcher's values, what the chart hands on, and the run's tags."""
    launcher = cast(dict[str, object], at(helm(), "runLauncher", "config", "k8sRunLauncher"))
    everywhere = cast(dict[str, object], launcher["runK8sConfig"])
    location = cast(dict[str, object], at(helm(), "dagster-user-deployments", "deployments", 0))
    of_launcher = {"run_k8s_config": {snake(name): value for name, value in everywhere.items()}}
    # The chart's helper `k8sContainerContext`. It leaves out what is empty, and both security contexts always.
    handed_on = {
        "env": location["env"],
        "env_config_maps": [at(one, "name") for one in cast(list[object], location["envConfigMaps"])],
        "env_secrets": [at(one, "name") for one in cast(list[object], location["envSecrets"])],
        "volumes": location["volumes"],
        "volume_mounts": location["volumeMounts"],
        "resources": location["resources"],
        "run_k8s_config": {"pod_spec_config": {"init_containers": location["initContainers"]}},
    }
    context = K8sContainerContext.create_from_config({"k8s": of_launcher}).merge(
        K8sContainerContext.create_from_config({"k8s": {name: value for name, value in handed_on.items() if value}})
    )
    image = cast(Mapping[str, str], location["image"])
    job = construct_dagster_k8s_job(
        context.get_k8s_job_config(f"{image['repository']}:{image['tag']}", kubernetes_launcher(folder)),
        ["dagster", "api", "execute_run"],
        "dagster-run-1",
        user_defined_k8s_config=context.merge(
            K8sContainerContext(run_k8s_config=get_user_defined_k8s_config(tags))
        ).run_k8s_config,
    )
    kubernetes.client.ApiClient().sanitize_for_serialization(job)
    return job.spec.template.spec


def kubernetes_launcher(folder: Path) -> K8sRunLauncher:
    """Dagster's own, as the chart sets it up, for a cluster that is never asked."""
    (folder / "config").write_text(NO_CLUSTER)
    return K8sRunLauncher(
        service_account_name="dagster",
        instance_config_map="dagster-instance",
        postgres_password_secret="pd-postgres",
        dagster_home="/opt/dagster/dagster_home",
        load_incluster_config=False,
        kubeconfig_file=str(folder / "config"),
    )


def test_a_training_gets_a_gpu_of_the_cluster_and_no_other_job_does(tmp_path: Path) -> None:
    training = run_pod(tmp_path, defs.resolve_job_def("train_models").run_tags)
    [container] = training.containers
    assert container.resources.limits["nvidia.com/gpu"] == "1"
    assert container.resources.requests["cpu"] == "1", "what the chart's values ask for stays"
    assert [one.key for one in training.tolerations] == ["nvidia.com/gpu"]
    for job in ("nightly", "refresh_sources", "build_dataset", "whole_line"):
        pod = run_pod(tmp_path, defs.resolve_job_def(job).run_tags)
        assert "nvidia.com/gpu" not in (pod.containers[0].resources.limits or {})
        assert not pod.tolerations


@pytest.mark.parametrize("job", [job.name for job in jobs])
def test_no_run_requests_more_than_its_limit_and_none_is_without(job: str, tmp_path: Path) -> None:
    pod = run_pod(tmp_path, defs.resolve_job_def(job).run_tags)
    [container] = pod.containers
    requests, limits = container.resources.requests, container.resources.limits
    assert "memory" in limits and {"memory", "cpu"} <= set(requests)
    assert [name for name in requests.keys() & limits.keys() if bound(requests[name]) > bound(limits[name])] == []
    assert not pod.init_containers, "what is done before runs is done once"


def bound(quantity: str) -> Decimal:
    return cast(Decimal, parse_quantity(quantity))


def test_the_pod_of_a_run_has_the_home_the_settings_and_no_root(tmp_path: Path) -> None:
    pod = run_pod(tmp_path, {})
    [container] = pod.containers
    assert {mount.mount_path for mount in container.volume_mounts} >= {"/data", "/dev/shm", "/tmp"}
    assert {one.name: one.value for one in container.env}["PD_HOME"] == "/data"
    assert {one.config_map_ref.name for one in container.env_from if one.config_map_ref} == {"pd-settings"}
    assert pod.termination_grace_period_seconds == 180
    user = pod.security_context
    assert (user.run_as_non_root, user.run_as_user, user.fs_group) == (True, 10001, 10001), "fsGroup owns the home"
    assert "useradd --uid 10001" in (DEPLOY / "docker/Dockerfile").read_text()
    assert kubernetes.client.ApiClient().sanitize_for_serialization(container.security_context) == LOCKED


LOCKED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def test_every_container_of_the_chart_is_locked_and_writes_where_something_is_mounted() -> None:
    values = helm()
    location = cast(Yaml, at(values, "dagster-user-deployments", "deployments", 0))
    daemon, web = cast(Yaml, values["dagsterDaemon"]), cast(Yaml, values["dagsterWebserver"])
    for pod in (location, daemon, web):
        assert pod["securityContext"] == LOCKED
        assert at(pod, "podSecurityContext", "runAsNonRoot") is True
        assert at(pod, "podSecurityContext", "seccompProfile", "type") == "RuntimeDefault"
        assert {"/tmp", at(values, "global", "dagsterHome")} <= {
            at(one, "mountPath") for one in cast(list[object], pod["volumeMounts"])
        }
        mounted = {at(one, "name") for one in cast(list[object], pod["volumeMounts"])}
        assert mounted <= {at(one, "name") for one in cast(list[object], pod["volumes"])}
    [prepare] = cast(list[Yaml], daemon["extraPrependedInitContainers"])
    assert prepare["securityContext"] == LOCKED


def test_the_web_server_of_the_chart_is_ours_and_is_asked_by_a_name_that_the_guard_knows() -> None:
    web = cast(Yaml, helm()["dagsterWebserver"])
    location = at(helm(), "dagster-user-deployments", "deployments", 0)
    assert web["image"] == at(location, "image")
    asked = at(web, "readinessProbe", "httpGet")
    assert at(asked, "port") == at(web, "service", "port") == 3000
    assert at(asked, "httpHeaders", 0) == {"name": "Host", "value": "localhost"}
    assert "localhost" in OWN_NAMES


def test_the_images_web_server_is_pdd_web_with_the_arguments_of_the_chart(tmp_path: Path) -> None:
    said = tmp_path / "pdd"
    said.write_text('#!/bin/sh\necho "$@"\n')
    said.chmod(0o755)
    # As the chart calls it: https://github.com/dagster-io/dagster, helm/dagster/templates/helpers/_helpers.tpl
    words = ["-h", "0.0.0.0", "-p", "3000", "-w", "/dagster-workspace/workspace.yaml", "--read-only"]
    script = DEPLOY / "docker/dagster-webserver"
    assert os.access(script, os.X_OK) and "deploy/docker/dagster-webserver /opt/pd/bin/" in DOCKERFILE.read_text()
    assert "PATH=/opt/pd/bin:/opt/pd/.venv/bin" in DOCKERFILE.read_text()
    done = subprocess.run(
        [script, *words], env={"PATH": f"{tmp_path}:/bin:/usr/bin"}, capture_output=True, text=True, check=True
    )
    given = build_parser("web").parse_args(done.stdout.split())
    assert (given.host, given.port, str(given.workspace)) == ("0.0.0.0", 3000, "/dagster-workspace/workspace.yaml")
    assert given.read_only


def test_the_image_has_every_extra_that_the_page_on_deploying_offers() -> None:
    installed = re.search(r"'\.\[([\w,]+)\]'", DOCKERFILE.read_text())
    assert installed is not None
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    known = {name: set(re.findall(r"public-domain-diffusion\[([\w,]+)\]", " ".join(extras[name]))) for name in extras}
    there = set(installed[1].split(","))
    there |= {other for name in there for other in known[name]}
    offered = set(re.findall(r"-e '\.\[(\w+)\]'", (ROOT / "docs/deploy.md").read_text()))
    assert offered and offered <= there


def test_no_container_of_the_compose_file_has_rights_to_lose() -> None:
    services = cast(Mapping[str, Yaml], read(DEPLOY / "docker" / COMPOSE[0])["services"])
    runs = cast(Yaml, at(read(DEPLOY / "docker/dagster.yaml"), "run_launcher", "config", "container_kwargs"))
    for name, service in [*services.items(), ("a run", runs)]:
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"] and "cap_add" not in service, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "/tmp" in cast(list[str], service["tmpfs"]), name
        assert "privileged" not in service, name
    assert services["postgres"]["user"] == "postgres"


def test_nothing_that_is_applied_holds_a_secret_and_none_is_empty() -> None:
    applied = list(yaml.safe_load_all((DEPLOY / "kubernetes/cluster.yaml").read_text()))
    secrets = [one for one in applied if one["kind"] == "Secret"]
    assert [one["stringData"] for one in secrets] == [{}]
    asked = at(helm(), "global", "postgresqlSecretName")
    page = (ROOT / "docs/deploy.md").read_text()
    assert f"create secret generic {asked}" in page and asked not in {one["metadata"]["name"] for one in secrets}


def test_the_namespace_is_reached_by_itself_only_and_asks_for_no_credentials_of_the_cloud() -> None:
    applied = yaml.safe_load_all((DEPLOY / "kubernetes/cluster.yaml").read_text())
    [policy] = [one for one in applied if one["kind"] == "NetworkPolicy"]
    spec = policy["spec"]
    assert spec["podSelector"] == {} and spec["policyTypes"] == ["Ingress", "Egress"]
    assert spec["ingress"] == [{"from": [{"podSelector": {}}]}]
    outside = [to for rule in spec["egress"] for to in rule["to"] if "ipBlock" in to]
    assert "169.254.0.0/16" in outside[0]["ipBlock"]["except"]
    ports = {port["port"] for rule in spec["egress"] if "ipBlock" in rule["to"][0] for port in rule["ports"]}
    assert at(helm(), "postgresql", "service", "port") in ports


def test_kubernetes_knows_every_field_of_what_is_applied_and_started_first() -> None:
    kinds = {
        "ConfigMap": kubernetes.client.V1ConfigMap,
        "Secret": kubernetes.client.V1Secret,
        "PersistentVolumeClaim": kubernetes.client.V1PersistentVolumeClaim,
        "LimitRange": kubernetes.client.V1LimitRange,
        "NetworkPolicy": kubernetes.client.V1NetworkPolicy,
    }
    applied = list(yaml.safe_load_all((DEPLOY / "kubernetes/cluster.yaml").read_text()))
    for one in applied:
        kind = kinds[one["kind"]]
        assert k8s_model_from_dict(kind, k8s_snake_case_dict(kind, one)).kind == one["kind"]
    location = cast(dict[str, object], at(helm(), "dagster-user-deployments", "deployments", 0))
    [prepare] = cast(list[Yaml], at(helm(), "dagsterDaemon", "extraPrependedInitContainers"))
    container = k8s_model_from_dict(
        kubernetes.client.V1Container, k8s_snake_case_dict(kubernetes.client.V1Container, prepare)
    )
    image = cast(Mapping[str, str], location["image"])
    assert container.image == f"{image['repository']}:{image['tag']}"
    assert set(DATABASE) <= {one.name for one in container.env}
    names = {str(at(one, "metadata", "name")) for one in applied if one["kind"] not in ("LimitRange", "NetworkPolicy")}
    text = (DEPLOY / "kubernetes/values.yaml").read_text()
    assert {name for name in names if name not in text} == set()


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed: it checks the unit")
    name = "public-domain-diffusion.service"
    there = (DEPLOY / "systemd" / name).read_text()
    program = "/srv/public-domain-diffusion/.venv/bin/pdd"
    assert f"ExecStart={program} up" in there
    (tmp_path / name).write_text(there.replace(program, sys.executable))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / name)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    judged = ["systemd-analyze", "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", str(tmp_path / name)]
    done = subprocess.run(judged, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-200:]
