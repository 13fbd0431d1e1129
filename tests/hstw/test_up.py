"""`make run`: what it refuses, what it keeps running, and that it leaves nothing behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pytest

from hstw.embedded import PROJECT
from tests.hstw.test_embedded import fresh_home, servers_of, use

NOBODY_LISTENS = "127.0.0.1:9"

# A supervisor over programs given on the command line as JSON, in place of web server and workers.
SUPERVISE = """
import json, signal, sys
from hstw.up.processes import TERMINATING, interrupt
from hstw.up.supervisor import supervise
from hstw.up.terminal import UpError
for sign in TERMINATING:
    signal.signal(sign, interrupt)
try:
    supervise(json.loads(sys.argv[1]), when_up=lambda watch: print("up", flush=True))
except KeyboardInterrupt:
    print("stopped", flush=True)
except UpError as error:
    sys.exit(str(error))
"""
SLEEP = "import time; time.sleep(600)"
# A program with a child of its own that ignores the polite request to end.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.run(["sh", "-c", "trap '' TERM; sleep 600"])
"""


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with fresh_home() as home:
        use(home, monkeypatch)
        monkeypatch.setenv("HSTW_DEMO", "0")
        monkeypatch.delenv("HSTW_DATABASE_ROLE")
        monkeypatch.delenv("HSTW_KEY_PREFIX")
        monkeypatch.setenv("HSTW_TEST_MARK", str(home))  # children inherit it, so orphans can be found
        yield home
        for process in marked(home):
            process.kill()


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        number = probe.getsockname()[1]
    monkeypatch.setenv("PORT", str(number))
    return number


def marked(home: Path) -> list[psutil.Process]:
    """Living processes that descend from this test, whoever their parent is now."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get("HSTW_TEST_MARK") == str(home):
                found.append(process)
        except psutil.Error:
            continue
    return found


def eventually(holds: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def run_up() -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hstw.up"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A process in the background, and the file that receives what it prints."""
    with tempfile.NamedTemporaryFile(suffix=".log") as output:
        process = subprocess.Popen([sys.executable, *arguments], cwd=PROJECT, stdout=output, stderr=subprocess.STDOUT)
        try:
            yield process, Path(output.name)
        finally:
            process.kill()
            process.wait()


def supervising(**programs: str) -> tuple[str, ...]:
    words = {name: [sys.executable, "-c", program] for name, program in programs.items()}
    return "-c", SUPERVISE, json.dumps(words)


def test_a_port_in_use_is_one_line_that_names_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        number = taken.getsockname()[1]
        monkeypatch.setenv("PORT", str(number))
        done = run_up()
    assert done.returncode == 1
    said = f"port {number} on 127.0.0.1 is in use; choose another: make run PORT={number + 1}"
    assert done.stderr == f"HSTW: {said}\n"
    assert servers_of(home) == []


@pytest.mark.parametrize("number", ["http", "0", "70000"])
def test_a_port_that_is_none_is_one_line(home: Path, number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", number)
    done = run_up()
    assert done.returncode == 1
    assert done.stderr == f"HSTW: PORT is {number!r}; it must be a number from 1 to 65535.\n"


@pytest.mark.parametrize(
    ("variable", "url"),
    [
        ("DATABASE_URL", f"postgres://anna:hidden-word@{NOBODY_LISTENS}/plans"),
        ("DATABASE_URL", "postgres://anna:hidden-word@[broken/plans"),
        ("REDIS_URL", f"redis://:hidden-word@{NOBODY_LISTENS}/0"),
        ("REDIS_URL", "hidden-word"),
    ],
)
def test_an_address_that_does_not_answer_is_one_line_without_password(
    home: Path, port: int, variable: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, url)
    done = run_up()
    assert done.returncode == 1
    assert re.fullmatch(rf"HSTW: {variable} \(.*\) cannot be reached: .+\n", done.stderr)
    assert "hidden-word" not in done.stdout + done.stderr.replace(f"({url})", "")


def test_manage_says_in_one_line_that_the_database_is_away(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgres://anna:hidden-word@{NOBODY_LISTENS}/plans")
    monkeypatch.setenv("REDIS_URL", f"redis://{NOBODY_LISTENS}/0")
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("The database cannot be reached:")
    assert "Traceback" not in done.stderr
    assert "hidden-word" not in done.stderr


def test_manage_help_starts_no_server(home: Path) -> None:
    subprocess.run([sys.executable, "manage.py", "help"], cwd=PROJECT, capture_output=True, check=True)
    assert not list(home.glob("postgres-*"))


def test_leftovers_are_stopped_by_pid_file_and_command_line(
    home: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "hidden-word")  # so that this start ends early
    run = home / "run"
    run.mkdir(parents=True)
    with running("-c", SLEEP) as (ours, _), running("-c", SLEEP + " # another") as (other, _):
        # Like the supervisor's children, ours leads a session; `running` starts both in pytest's.
        leader = subprocess.Popen([sys.executable, "-c", SLEEP], cwd=PROJECT, start_new_session=True)
        recorded = [sys.executable, "-c", SLEEP]
        for name, process in (("web", leader), ("beat", other), ("quick", ours)):
            (run / f"{name}.pid").write_text(json.dumps({"pid": process.pid, "command": recorded}))
        (run / "bulk.pid").write_text('{"pid": 1')
        done = run_up()
        assert "stopped web" in done.stdout
        assert leader.wait(timeout=5) != 0
        assert other.poll() is None
        assert list(run.glob("*.pid")) == []


def test_a_program_that_dies_is_started_again(home: Path) -> None:
    ran = home / "ran"
    once = f"import os, pathlib; p = pathlib.Path({str(ran)!r}); n = p.exists(); p.touch(); n or os._exit(3)"
    with running(*supervising(web=f"{once}; print('second life', flush=True); {SLEEP}")) as (_, output):
        assert eventually(lambda: "second life" in read(home / "log" / "web.log"))
        assert "web: ended with exit code 3; starting it again in 1 s" in read(output)


def test_warnings_and_tracebacks_in_a_log_reach_the_terminal(home: Path) -> None:
    talk = "import traceback\nprint('all is well')\nprint('ERROR low on ink', flush=True)\n"
    talk += f"try: 1/0\nexcept Exception: traceback.print_exc()\n{SLEEP}"
    with running(*supervising(web=talk)) as (_, output):
        assert eventually(lambda: "web: ZeroDivisionError: division by zero" in read(output))
        assert "web: ERROR low on ink" in read(output)
        assert "all is well" not in read(output)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_end_of_the_supervisor_is_the_end_of_its_programs(home: Path, sign: signal.Signals) -> None:
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEP!r}])"
    with running(*supervising(web=parent, beat=SLEEP)) as (supervisor, _):
        assert eventually(lambda: len(marked(home)) == 4)
        supervisor.send_signal(sign)
        assert supervisor.wait(timeout=15) == 0
        assert marked(home) == []
    assert list((home / "run").glob("*.pid")) == []


@pytest.mark.skipif(sys.platform != "linux", reason="other systems cannot tie a child to its parent's life")
def test_programs_end_with_a_killed_supervisor(home: Path) -> None:
    with running(*supervising(web=SLEEP, beat=SLEEP)) as (supervisor, _):
        assert eventually(lambda: len(marked(home)) == 3)
        supervisor.kill()
        assert eventually(lambda: marked(home) == [])


@pytest.mark.long
def test_programs_that_do_not_listen_are_killed_with_their_children(home: Path) -> None:
    with running(*supervising(web=STUBBORN)) as (supervisor, _):
        assert eventually(lambda: len(marked(home)) == 4)
        supervisor.terminate()
        assert supervisor.wait(timeout=30) == 0
        assert marked(home) == []


@pytest.mark.long
def test_a_program_that_keeps_dying_ends_it_all_with_one_line(home: Path) -> None:
    with running(*supervising(web="raise SystemExit(4)", beat=SLEEP)) as (supervisor, output):
        assert supervisor.wait(timeout=60) == 1
        assert "web ended 5 times in a row, with exit code 4; see" in read(output)
        assert marked(home) == []


def test_it_opens_and_leaves_nothing_behind(home: Path, port: int) -> None:
    address = f"http://localhost:{port}"
    with running("-m", "hstw.up") as (supervisor, output):
        assert eventually(lambda: f"HSTW is open at {address}" in read(output), 180), read(output)
        with urllib.request.urlopen(f"{address}/healthz") as page:
            assert page.status == 200
        again = run_up()
        assert again.returncode == 1
        assert f"already runs at {address}" in again.stderr
        supervisor.send_signal(signal.SIGINT)
        assert supervisor.wait(timeout=40) == 0
    assert marked(home) == []
    assert servers_of(home) == []


@pytest.mark.long
def test_it_opens_again_after_kills(home: Path, port: int) -> None:
    for opened in (True, False, True, False):
        with running("-m", "hstw.up") as (supervisor, output):
            if opened:
                assert eventually(lambda: "HSTW is open at" in read(output), 180), read(output)
            else:
                time.sleep(4)
            supervisor.kill()
    with running("-m", "hstw.up") as (supervisor, output):
        assert eventually(lambda: "HSTW is open at" in read(output), 180), read(output)
        supervisor.send_signal(signal.SIGINT)
        assert supervisor.wait(timeout=40) == 0
    assert marked(home) == []
    assert servers_of(home) == []


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""
