"""The server as a process: startup, access, state and shutdown."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from devcluster.server import Settings, serve
from tests.clusters import DevCluster
from tests.custom_kinds import custom_definition
from tests.devcluster.http import Http

CM = "/api/v1/namespaces/default/configmaps"
CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def config_map(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "b"}}


def command_line(text: str) -> list[str]:
    return [sys.executable, "-m", "devcluster", *text.split()]


def test_it_reports_when_it_is_ready_and_stops_on_sigterm(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    command = command_line(f"--kubeconfig {path} --no-controllers")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        config = yaml.safe_load(path.read_text())
        assert config["clusters"][0]["cluster"]["server"] in line
        assert str(path) in line
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
    finally:
        process.kill()
        process.wait()


def test_it_exits_when_its_parent_dies(tmp_path: Path) -> None:
    command = command_line(f"--kubeconfig {tmp_path}/k --no-controllers --exit-with-parent")
    script = (
        f"import subprocess, sys\nchild = subprocess.Popen({command!r},"
        " stdout=subprocess.PIPE, text=True)\n"
        "child.stdout.readline()\n"
        "print(child.pid)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    pid = int(done.stdout)
    deadline = time.monotonic() + 60
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(pid)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3]


def test_a_port_that_is_in_use_is_reported(tmp_path: Path) -> None:
    with DevCluster(controllers=False) as cluster:
        port = cluster.server.rpartition(":")[2]
        command = command_line(f"--kubeconfig {tmp_path}/k --port {port} --no-controllers")
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "Choose another" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("how", "status"),
    [({"token": "wrong"}, 401), ({"token": ""}, 401), ({"host": "evil.example.com"}, 403), ({}, 200)],
    ids=["wrong token", "no token", "another host name", "right token and host"],
)
def test_only_requests_with_the_token_to_loopback_are_accepted(
    clusters: dict[str, DevCluster], how: dict[str, str], status: int
) -> None:
    assert Http(clusters["alone"], **how).get("/api/v1/namespaces").status == status


def test_a_second_run_finds_the_objects_of_the_first(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    definition = custom_definition("things.state.example.com", "Thing", scope="Cluster")
    thing = {"apiVersion": "state.example.com/v1", "kind": "Thing", "metadata": {"name": "one"}}
    with DevCluster(controllers=False, state=state) as first:
        http = Http(first)
        kept = http.post(CM, config_map("kept")).body
        http.post(CRD, definition)
        while http.post("/apis/state.example.com/v1/things", thing).status == 404:
            time.sleep(0.01)
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    with DevCluster(controllers=False, state=state) as second:
        http = Http(second)
        assert http.get(f"{CM}/kept").body == kept
        assert http.get("/apis/state.example.com/v1/things/one").status == 200
        made = http.post(CM, config_map("later")).body
        assert int(made["metadata"]["resourceVersion"]) > int(kept["metadata"]["resourceVersion"])
        old = kept["metadata"]["resourceVersion"]
        event = http.get(f"{CM}?watch=1&timeoutSeconds=5&resourceVersion={old}").body
        assert (event["type"], event["object"]["code"]) == ("ERROR", 410)


def test_rules_that_cannot_be_loaded_are_reported(tmp_path: Path) -> None:
    command = command_line(f"--kubeconfig {tmp_path}/k --rules contracts.nothing.Rules")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "cannot load the rules contracts.nothing.Rules" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unreadable_state_is_reported_and_left_unchanged(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text("{}")
    command = command_line(f"--kubeconfig {tmp_path}/k --state {state}")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert f"cannot read the state in {state}" in done.stderr
    assert "Traceback" not in done.stderr
    assert state.read_text() == "{}"


async def test_code_in_the_process_sees_what_requests_write() -> None:
    server = await serve(Settings(controllers=False))
    try:
        with server.store.subscribe("configmaps") as feed:
            server.store.create(config_map("seen") | {"metadata": {"name": "seen", "namespace": "default"}})
            change = await asyncio.wait_for(anext(feed), 5)
        assert (change.type, change.object["metadata"]["name"]) == ("ADDED", "seen")
        assert server.store.list("configmaps", "default")[0]["data"] == {"a": "b"}
    finally:
        await server.stop()
