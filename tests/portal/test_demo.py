"""The parts of the demo: its data, its port, its key, its cluster as a child process."""

from __future__ import annotations

import io
import socket
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project_settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from portal.accounts.demo import DEMO_ACCOUNTS
from portal.accounts.models import Membership, Team, TeamNamespace, User
from portal.home.demo import data, database, state
from portal.home.demo.cluster import EmbeddedCluster
from portal.home.demo.port import listen
from portal.home.management.commands.run import relative, url_host
from portal.private_files import PrivateConnection
from portal.secret_key import stored_key

loaded: list[str] = []


def load_something() -> None:
    loaded.append("again")


@pytest.mark.django_db
def test_loading_is_idempotent(settings: Settings) -> None:
    settings.DEMO = True
    settings.DEMO_LOADERS = ["tests.portal.test_demo.load_something"]
    loaded.clear()
    data.load()
    User.objects.filter(username="developer").update(first_name="Changed")
    assert data.load() == ["portal.accounts.demo.load", "tests.portal.test_demo.load_something"]
    assert (User.objects.count(), Team.objects.count(), Membership.objects.count()) == (4, 3, 4)
    owned = set(TeamNamespace.objects.values_list("name", flat=True))
    assert owned == {"checkout", "checkout-staging", "search", "platform-sandbox"}
    assert User.objects.get(username="developer").first_name == "Changed"
    assert loaded == ["again", "again"]


@pytest.mark.django_db
def test_every_demo_account_can_sign_in(client: Client, settings: Settings) -> None:
    settings.DEMO = True
    call_command("demo_data", stdout=io.StringIO())
    for account in DEMO_ACCOUNTS:
        assert client.login(username=account.username, password=account.password), account.username


def test_the_next_free_port_is_used() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        wanted = taken.getsockname()[1]
        bound, port = listen("127.0.0.1", wanted)
        bound.close()
    assert port != wanted


def test_an_address_of_another_machine_is_an_error() -> None:
    with pytest.raises(OSError, match="assign"):
        listen("192.0.2.1", 8000)


@pytest.mark.parametrize(
    ("host", "written"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("::1", "[::1]")],
)
def test_addresses(host: str, written: str) -> None:
    assert url_host(host) == written


def test_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert relative(tmp_path / "var" / "kubeconfig") == Path("var/kubeconfig")
    assert relative(Path("/elsewhere")) == Path("/elsewhere")


def test_the_key_is_created_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    key = stored_key(tmp_path / "var")
    assert stored_key(tmp_path / "var") == key
    assert stat.S_IMODE((tmp_path / "var" / "secret-key").stat().st_mode) == 0o600
    assert stored_key(tmp_path / "other") != key


@pytest.mark.parametrize("before", [None, 0o644, 0o600], ids=["new", "of an earlier version", "private"])
def test_only_its_owner_reads_the_database(tmp_path: Path, before: int | None) -> None:
    path = tmp_path / "slipway.sqlite3"
    if before is not None:
        for name in ("slipway.sqlite3", "slipway.sqlite3-wal"):
            (tmp_path / name).touch(before)
    with closing(sqlite3.connect(path, factory=PrivateConnection)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE rows (name TEXT)")
        connection.commit()
        modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()}
    assert modes.keys() >= {"slipway.sqlite3", "slipway.sqlite3-wal"}
    assert set(modes.values()) == {0o600}


def test_another_connection_of_the_process_leaves_the_locks_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "slipway.sqlite3"
    write = f"import sqlite3; sqlite3.connect({str(path)!r}, timeout=0).execute('CREATE TABLE t (name TEXT)')"
    with closing(sqlite3.connect(path, factory=PrivateConnection)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        sqlite3.connect(path, factory=PrivateConnection).close()
        other = subprocess.run([sys.executable, "-c", write], capture_output=True, text=True, check=False)
    assert "database is locked" in other.stderr
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_the_database_of_the_settings_is_private() -> None:
    options = project_settings.DATABASES["default"].get("OPTIONS", {})
    assert options.get("factory") is PrivateConnection or connection.vendor != "sqlite"


def test_the_state_directory_is_of_its_owner_only(tmp_path: Path) -> None:
    stored_key(tmp_path / "var")
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700


def test_without_a_writable_directory_the_key_lasts_as_long_as_the_process(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert len(stored_key(blocked / "var")) > 50


def test_the_embedded_cluster_answers_and_leaves_nothing_behind(tmp_path: Path, settings: Settings) -> None:
    cluster = EmbeddedCluster(
        tmp_path / "kubeconfig", tmp_path / "cluster.json", settings.EMBEDDED_CLUSTER_RULES
    )
    cluster.start()
    assert cluster.wait_until_ready()
    assert "server: https://127.0.0.1:" in cluster.kubeconfig.read_text()
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    process = cluster.process
    assert process is not None
    cluster.stop()
    assert process.returncode == 0
    assert not cluster.supervisor.is_alive()


def test_the_embedded_cluster_is_restarted_when_it_dies(tmp_path: Path, settings: Settings) -> None:
    cluster = EmbeddedCluster(
        tmp_path / "kubeconfig", tmp_path / "cluster.json", settings.EMBEDDED_CLUSTER_RULES
    )
    cluster.start()
    assert cluster.wait_until_ready()
    first = cluster.process
    assert first is not None
    cluster.ready.clear()
    first.kill()
    assert cluster.wait_until_ready()
    assert cluster.process is not None
    assert cluster.process.pid != first.pid
    cluster.stop()


class TestStateOfAnotherVersion:
    NOW = datetime(2026, 3, 1, 12, 30, 15)

    def test_a_first_start_writes_the_version(self, tmp_path: Path) -> None:
        assert state.set_aside_other_version(tmp_path / "var", self.NOW) is None
        assert (tmp_path / "var" / state.VERSION_FILE).read_text() == f"{state.VERSION}\n"

    def test_state_of_this_version_is_kept(self, tmp_path: Path) -> None:
        state.set_aside_other_version(tmp_path, self.NOW)
        (tmp_path / state.DATABASE).write_text("rows")
        assert state.set_aside_other_version(tmp_path, self.NOW) is None
        assert (tmp_path / state.DATABASE).read_text() == "rows"

    def test_state_without_a_version_is_moved_and_the_key_is_kept(self, tmp_path: Path) -> None:
        names = (state.DATABASE, f"{state.DATABASE}-wal", "cluster.json", "kubeconfig")
        for name in (*names, "secret-key"):
            (tmp_path / name).write_text(name)
        target = state.set_aside_other_version(tmp_path, self.NOW)
        assert target == tmp_path / "state-v1-2026-03-01-123015"
        assert {path.name: path.read_text() for path in target.iterdir()} == {name: name for name in names}
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "secret-key", target.name, state.VERSION_FILE,
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("database", "kubeconfig", "own"),
        [("/var/slipway.sqlite3", "", True), ("/var/slipway.sqlite3", "/k", False), ("slipway", "", False)],
    )
    def test_only_the_demos_own_state_is_moved(self, database: str, kubeconfig: str, own: bool) -> None:
        assert state.has_own_state(Path("/var"), database, kubeconfig) is own

    def test_the_start_reports_the_moved_state(
        self, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.STATE_DIR = tmp_path
        monkeypatch.setattr(state, "has_own_state", lambda *_: True)
        (tmp_path / state.DATABASE).write_text("rows")
        message = database.set_other_version_aside()
        assert f"It was moved to {tmp_path / 'state-v1-'}" in message
        assert database.set_other_version_aside() == ""
