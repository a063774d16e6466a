"""The process is started, stopped and killed: no state is lost, no process is left."""

from __future__ import annotations

import signal
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from tests.demo import Demo, Session, alive

SETTLES_WITHIN = 120.0
MANIFEST: dict[str, Any] = {
    "contract": "stateless-service",
    "namespace": "checkout",
    "name": "kept",
    "spec": {"image": "nginx:1.27"},
}


def state_of(session: Session, name: str) -> str:
    found = session.get("/api/v1/instances/", params={"q": name}).json()["results"]
    return next((one["state"] for one in found if one["name"] == name), "")


def wait_for(session: Session, name: str, state: str) -> None:
    deadline = time.monotonic() + SETTLES_WITHIN
    while (seen := state_of(session, name)) != state:
        assert time.monotonic() < deadline, f"{name} is {seen or 'missing'}, not {state}"
        time.sleep(0.1)


@pytest.fixture
def demo_of_its_own(tmp_path: Path) -> Demo:
    return Demo(tmp_path / "demo")


def test_ctrl_c_leaves_no_process_and_a_second_start_finds_the_same_state(demo_of_its_own: Demo) -> None:
    demo = demo_of_its_own
    with demo:
        developer = demo.session("developer")
        assert developer.post("/api/v1/instances/", json=MANIFEST).status_code == 202
        wait_for(developer, "kept", "ready")
        started = demo.processes()
        demo.stop(signal.SIGINT)
    assert len(started) >= 2, "the demo has a cluster of its own"
    assert [pid for pid in started if alive(pid)] == []

    with demo:
        developer = demo.session("developer")
        wait_for(developer, "kept", "ready")
        assert developer.get("/api/v1/instances/", params={"q": "kept"}).json()["count"] == 1


def test_a_killed_process_loses_and_repeats_nothing(demo_of_its_own: Demo) -> None:
    demo = demo_of_its_own
    with demo:
        developer = demo.session("developer")
        assert developer.post("/api/v1/instances/", json=MANIFEST).status_code == 202
        started = demo.processes()
        demo.stop(signal.SIGKILL)
    deadline = time.monotonic() + SETTLES_WITHIN
    while any(alive(pid) for pid in started):
        assert time.monotonic() < deadline, "the cluster outlived the portal"
        time.sleep(0.05)

    with demo:
        developer = demo.session("developer")
        wait_for(developer, "kept", "ready")
        answer = developer.get("/api/v1/instances/", params={"q": "kept"}).json()
        assert answer["count"] == 1


def test_a_port_in_use_is_reported_and_another_is_used(
    demo_of_its_own: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        monkeypatch.setattr("tests.demo.free_port", lambda: port)
        with demo_of_its_own as demo:
            assert not demo.url.endswith(f":{port}")
            assert f"Port {port} is in use" in demo.log.read_text()
