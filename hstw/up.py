"""`make run`: everything the product needs, started in order and kept running until Ctrl-C.

Web server, workers and scheduler run as children of this process. Each has a log file in `home()/log`
and a pid file in `home()/run`, by which the next start finds what a killed one left behind.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(f"HSTW needs Python 3.11 or newer; this is {sys.version.split()[0]}.")

import ctypes
import fcntl
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from hstw import embedded
from hstw.embedded import PROJECT, EmbeddedError

OLDEST_POSTGRES = 16

STOP_PATIENCE = 10  # seconds between asking a child to stop and killing it
OPEN_PATIENCE = 90  # seconds until the first page must answer
QUICK_DEATH = 15  # a child that lived shorter than this did not start properly
QUICK_DEATHS = 5
LOG_LIMIT = 20_000_000  # bytes; the log before is kept as .1

TROUBLE = re.compile(
    r"\b(WARNING|ERROR|CRITICAL)\b|\[(warning|error|critical)\s*\]|\"level\": *\"(warning|error|critical)\""
)
TRACEBACK = "Traceback (most recent call last)"

TERMINATING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class UpError(Exception):
    """The product cannot run; the message is one line for the person at the terminal."""


def main() -> int:
    for sign in TERMINATING:
        signal.signal(sign, _interrupt)
    try:
        _up()
    except (UpError, EmbeddedError) as error:
        print(f"HSTW: {error}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("HSTW has stopped.", flush=True)
    return 0


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _up() -> None:
    os.environ.setdefault("HSTW_ENV", "local")
    host, port = _address()
    print("Starting HSTW (Ctrl-C stops it)", flush=True)
    with _only_one(f"http://{_shown(host)}:{port}"):
        with _step("Looking for processes that an earlier start left behind") as step:
            step.result = _stop_leftovers()
        with _step(f"Checking Python, port {port} and addresses") as step:
            check_port(host, port)
            check_database()
            check_redis()
            step.result = f"Python {sys.version.split()[0]}, port {port} is free"
        embedded.local_secret_key()
        with ExitStack() as stack:
            with _step(f"Starting PostgreSQL {embedded.postgres_version()} and Valkey") as step:
                started = stack.enter_context(embedded.servers(say=_detail))
                step.result = _whose_servers(started)
            _prepare()
            supervise(_programs(host, port), when_up=lambda watch: _open(host, port, watch))


# --- Before anything slow ----------------------------------------------------------------------------


def _address() -> tuple[str, int]:
    port = os.environ.get("PORT") or "8000"
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise UpError(f"PORT is {port!r}; it must be a number from 1 to 65535.")
    return os.environ.get("HOST") or "127.0.0.1", int(port)


@contextmanager
def _only_one(address: str) -> Iterator[None]:
    """Refuse a second start for the same home; the lock goes when its holder does, however it ends."""
    run = embedded.run_folder()
    with open(run / "up.lock", "a+", opener=embedded.private_file) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise UpError(
                f"this checkout already runs at {lock.read().strip() or 'another port'}; "
                "stop it with Ctrl-C where it was started, or set HSTW_HOME and PORT for a second one."
            ) from None
        lock.truncate(0)
        lock.write(f"{address} (process {os.getpid()})")
        lock.flush()
        yield


def check_port(host: str, port: int) -> None:
    """Raise `UpError` when the web server could not listen there."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        reason = "is in use" if error.errno == 98 or "in use" in str(error) else f"cannot be used ({error.strerror})"
        raise UpError(f"port {port} on {host} {reason}; choose another: make run PORT={port + 1}") from error


def check_database() -> None:
    """Raise `UpError` when `DATABASE_URL` names a server that does not answer or is too old."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        return
    import psycopg

    where = _without_password(url)
    try:
        # django-environ knows more names for the same scheme.
        with psycopg.connect(re.sub(r"^\w+://", "postgresql://", url), connect_timeout=5) as connection:
            version = connection.info.server_version // 10000
    except psycopg.Error as error:
        raise UpError(f"DATABASE_URL ({where}) cannot be reached: {_redacted(error, url)}") from None
    if version < OLDEST_POSTGRES:
        raise UpError(f"DATABASE_URL ({where}) is PostgreSQL {version}; {OLDEST_POSTGRES} or newer is needed.")


def check_redis() -> None:
    """Raise `UpError` when `REDIS_URL` names a server that does not answer."""
    url = os.environ.get("REDIS_URL")
    if not url:
        return
    import redis

    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError, OSError) as error:
        raise UpError(f"REDIS_URL ({_without_password(url)}) cannot be reached: {_redacted(error, url)}") from None


def _without_password(url: str) -> str:
    try:
        parts = urlsplit(url)
        password = parts.password
    except ValueError:
        return "not a URL"
    return parts._replace(query="").geturl().replace(f":{password}@", ":***@" if password else ":@")


def _redacted(error: Exception, url: str) -> str:
    line = " ".join(str(error).split())
    try:
        password = urlsplit(url).password
    except ValueError:
        return "not a URL"
    return line.replace(password, "***") if password else line


# --- Servers, schema, demonstration world ------------------------------------------------------------


def _whose_servers(started: list[str]) -> str:
    said = []
    for name, variable in (("PostgreSQL", "DATABASE_URL"), ("Valkey", "REDIS_URL")):
        if os.environ.get(variable):
            said.append(f"{name}: the one in {variable}")
        else:
            said.append(f"{name}: {'started' if name in started else 'was running already'}")
    return ", ".join(said)


def _prepare() -> None:
    with _step("Bringing the database up to date") as step:
        apps: set[str] = set()

        def first_of_app(line: str) -> str:
            """Some progress, without a line for each of many migrations."""
            if not (found := re.match(r" +Applying (\w+)\.", line)) or found[1] in apps:
                return ""
            apps.add(found[1])
            return f"tables of {found[1]}"

        lines = _manage("migrate", "--noinput", show=first_of_app)
        applied = sum(line.lstrip().startswith("Applying") for line in lines)
        step.result = f"{applied} migrations applied" if applied else "nothing to do"
    if _has_demonstration():
        with _step("Loading the demonstration world, if the database is empty"):
            _manage("demo", "--scale", "small", "--if-empty", show=str.strip)


def _has_demonstration() -> bool:
    return os.environ.get("HSTW_DEMO") != "0" and any(PROJECT.glob("*/management/commands/demo.py"))


def _manage(*arguments: str, show: Callable[[str], str]) -> list[str]:
    """Run a command of manage.py and return its output; raise `UpError` where it fails.

    `show` says what of a line the terminal gets while the command runs.
    """
    lines: list[str] = []
    with _uninterrupted():
        child = _spawn("manage", [sys.executable, str(PROJECT / "manage.py"), *arguments], subprocess.PIPE)
    try:
        assert child.stdout is not None
        for raw in child.stdout:
            lines.append(raw.decode(errors="replace").rstrip())
            if news := show(lines[-1]):
                _detail(news)
        code = child.wait()
    except BaseException:
        _stop_sessions([child.pid], lambda pid: child.poll() is not None)
        raise
    finally:
        assert child.stdout is not None
        child.stdout.close()
        _pid_file("manage").unlink(missing_ok=True)
    if code:
        for line in lines[-20:-1]:
            _detail(line)
        raise UpError(f"manage.py {arguments[0]} failed: {lines[-1] if lines else f'exit code {code}'}")
    return lines


# --- The programs that run side by side --------------------------------------------------------------


def _programs(host: str, port: int) -> dict[str, list[str]]:
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    gunicorn = [sys.executable, "-m", "gunicorn", "hstw.wsgi:application"]
    celery = [sys.executable, "-m", "celery", "-A", "hstw"]
    worker = [
        "--pool",
        "prefork",
        "--concurrency",
        "1",
        "--loglevel",
        "INFO",
        "--without-gossip",
        "--without-mingle",
    ]
    return {
        "web": [
            *(*gunicorn, "--bind", bind, "--workers", "2", "--worker-class", "gthread", "--threads", "4"),
            *("--graceful-timeout", "8", "--no-control-socket"),
        ],
        "quick": [*celery, "worker", "-Q", "quick", "-n", "quick@%h", *worker],
        "bulk": [*celery, "worker", "-Q", "bulk", "-n", "bulk@%h", *worker],
        "beat": [
            # The supervisor keeps the pid file: Celery's own refuses to start over one left by a kill.
            *(*celery, "beat", "--scheduler", "django_celery_beat.schedulers:DatabaseScheduler"),
            *("--pidfile", "", "--loglevel", "INFO"),
        ],
    }


def supervise(programs: dict[str, list[str]], *, when_up: Callable[[Callable[[], None]], None]) -> None:
    """Keep these programs running until an interrupt, which it passes on after stopping them all.

    `when_up` is called once they are started, with a function to call while it waits for something.
    Raises `UpError` when a program keeps dying.
    """
    children = [Child(name, words) for name, words in programs.items()]

    def watch() -> None:
        for child in children:
            child.watch()
        time.sleep(0.2)

    try:
        for child in children:
            child.start()
        when_up(watch)
        while True:
            watch()
    except KeyboardInterrupt:
        print("\nStopping", flush=True)
        raise
    finally:
        impatient: list[int] = []
        for sign in TERMINATING:
            signal.signal(sign, lambda number, frame: impatient.append(number))
        by_pid = {child.process.pid: child for child in children if child.process}
        _stop_sessions(list(by_pid), lambda pid: by_pid[pid].has_ended(), lambda: bool(impatient))
        for child in children:
            child.forget()


class Child:
    """One program under supervision: started, restarted when it dies, its log watched for trouble."""

    def __init__(self, name: str, words: list[str]) -> None:
        self.name = name
        self.words = words
        self.process: subprocess.Popen[bytes] | None = None
        self.quick_deaths = 0
        self.started_at = 0.0
        self.start_again_at = 0.0
        self.log = embedded.log_folder() / f"{name}.log"
        self.log_read = self.log.stat().st_size if self.log.exists() else 0
        self.in_traceback = False

    def start(self) -> None:
        with open(self.log, "ab", opener=embedded.private_file) as output, _uninterrupted():
            self.process = _spawn(self.name, self.words, output.fileno())
        self.started_at = time.monotonic()

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def watch(self) -> None:
        self._show_trouble()
        if self.process is None:
            if time.monotonic() >= self.start_again_at:
                self.start()
            return
        code = self.process.poll()
        if code is not None:
            self._died(code)

    def forget(self) -> None:
        self._show_trouble()
        _pid_file(self.name).unlink(missing_ok=True)

    def _died(self, code: int) -> None:
        assert self.process is not None
        _stop_sessions([self.process.pid], lambda pid: True)  # what it left of its own children
        self.process = None
        lived = time.monotonic() - self.started_at
        self.quick_deaths = self.quick_deaths + 1 if lived < QUICK_DEATH else 1
        ending = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        if self.quick_deaths >= QUICK_DEATHS:
            raise UpError(f"{self.name} ended {QUICK_DEATHS} times in a row, {ending}; see {self.log}")
        pause = 2 ** (self.quick_deaths - 1)
        self.start_again_at = time.monotonic() + pause
        _detail(f"{self.name}: ended {ending}; starting it again in {pause} s")

    def _show_trouble(self) -> None:
        """Repeat on the terminal what the log says of warnings and errors."""
        with self.log.open("rb") as log:
            log.seek(self.log_read)
            news = log.read()
        complete = news[: news.rfind(b"\n") + 1]
        self.log_read += len(complete)
        for line in complete.decode(errors="replace").splitlines():
            # A traceback ends with the first line that is not indented.
            was_in_traceback, self.in_traceback = (
                self.in_traceback,
                TRACEBACK in line or (self.in_traceback and line.startswith((" ", "\t"))),
            )
            if was_in_traceback or self.in_traceback or TROUBLE.search(line):
                _detail(f"{self.name}: {line}")
        if self.log_read > LOG_LIMIT:
            shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
            os.truncate(self.log, 0)  # the child appends, so it goes on at the start
            self.log_read = 0


def _open(host: str, port: int, watch: Callable[[], None]) -> None:
    """Wait for the first page, then say where it is and who can sign in."""
    with _step("Waiting for the first page"):
        deadline = time.monotonic() + OPEN_PATIENCE
        while (answer := _health(host, port)) != "200":
            if time.monotonic() > deadline:
                raise UpError(
                    f"the web server does not answer well after {OPEN_PATIENCE} s ({answer}); "
                    f"see {embedded.log_folder() / 'web.log'}"
                )
            watch()
    print(f"\nHSTW is open at http://{_shown(host)}:{port}", flush=True)
    if _has_demonstration():
        for line in _manage("demo", "--sign-ins", show=lambda line: ""):
            print(line, flush=True)
    print(f"Logs are in {embedded.log_folder()}. Ctrl-C stops everything.\n", flush=True)


def _health(host: str, port: int) -> str:
    """The status of /healthz, or why there is none."""
    connection = http.client.HTTPConnection(_reachable(host), port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": f"{_shown(host)}:{port}"})
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        return str(error)
    finally:
        connection.close()


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def _shown(host: str) -> str:
    if host in {"127.0.0.1", "::1", "0.0.0.0", "::"}:  # noqa: S104
        return "localhost"
    return f"[{host}]" if ":" in host else host


# --- Processes: started so that they can be found, stopped so that nothing is left -------------------


def _pid_file(name: str) -> Path:
    return embedded.run_folder() / f"{name}.pid"


def _spawn(name: str, words: Sequence[str], output: int) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, with a pid file that also holds its command line."""
    parent = os.getpid()
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def before_program() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        # The child ends when its supervisor is killed. Linux ties this to the thread that started the
        # child; this program has one thread, and so nothing here can deadlock after the fork either.
        if libc is not None:
            libc.prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG
            if os.getppid() != parent:
                os._exit(1)

    environment = os.environ | {"PYTHONUNBUFFERED": "1", "DJANGO_SETTINGS_MODULE": "hstw.settings"}
    if name == "web":
        environment["HSTW_DATABASE_POOL"] = "1"  # only threads of the web server share connections
    child = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=PROJECT,
        env=environment,
        start_new_session=True,
        preexec_fn=before_program,
    )
    _pid_file(name).write_text(json.dumps({"pid": child.pid, "command": list(words)}))
    return child


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Signals wait: one between starting a child and noting it would make it an orphan."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, TERMINATING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _stop_leftovers() -> str:
    """Stop what a killed start left running. Only processes whose command line is the recorded one."""
    stopped = []
    for record in sorted(embedded.run_folder().glob("*.pid")):
        try:
            content = json.loads(record.read_text())
            leader, command = int(content["pid"]), list(content["command"])
        except (ValueError, KeyError, TypeError):
            record.unlink()  # cut off by the kill; its process ended with the supervisor
            continue
        members = [process for process in _session(leader) if _runs(process, command)]
        if members:
            stopped.append(record.stem)
            _end(members)
        record.unlink()
    return f"stopped {', '.join(stopped)}" if stopped else "none"


def _runs(process: psutil.Process, command: list[str]) -> bool:
    """Whether the process runs exactly this command; its first word may be the real interpreter's path."""
    try:
        return process.cmdline()[1:] == command[1:] and process.cwd() == str(PROJECT)
    except psutil.Error:
        return False


def _session(leader: int) -> list[psutil.Process]:
    """The living processes of the session that this process led, itself first."""
    members = []
    for process in psutil.process_iter(["pid", "status"]):
        try:
            if os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                members.append(process)
        except (OSError, psutil.Error):
            continue
    return sorted(members, key=lambda process: process.pid != leader)


def _end(members: list[psutil.Process]) -> None:
    """Ask the first, which passes it on to its own; after a while kill what is still there."""
    with suppress(psutil.NoSuchProcess):
        members[0].terminate()
    deadline = time.monotonic() + STOP_PATIENCE
    while not all(map(embedded.has_ended, members)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in members:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _stop_sessions(
    leaders: list[int], has_ended: Callable[[int], bool], hurry: Callable[[], bool] = lambda: False
) -> None:
    """Stop our children: each leader is asked, and what is left of the sessions is killed.

    Only the leader is asked, because a worker's pool processes would drop their task at once, where
    the worker itself lets it end.
    """
    for leader in leaders:
        if not has_ended(leader):
            os.kill(leader, signal.SIGTERM)
    deadline = time.monotonic() + STOP_PATIENCE
    while not all(has_ended(leader) for leader in leaders) and time.monotonic() < deadline and not hurry():
        time.sleep(0.05)
    for leader in leaders:
        try:
            os.killpg(leader, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue  # macOS says "not permitted" of a group whose last member has ended
    while not all(has_ended(leader) for leader in leaders):
        time.sleep(0.05)


# --- The terminal ------------------------------------------------------------------------------------


class Step:
    result = "done"


@contextmanager
def _step(text: str) -> Iterator[Step]:
    print(f"- {text} ...", flush=True)
    begin, step = time.monotonic(), Step()
    yield step
    _detail(f"{step.result} ({time.monotonic() - begin:.1f} s)")


def _detail(line: str) -> None:
    print(f"  {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
