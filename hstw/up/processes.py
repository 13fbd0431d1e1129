"""Processes: started so that they can be found, stopped so that nothing is left."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from hstw import embedded
from hstw.embedded import PROJECT

TERMINATING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOP_PATIENCE = 10  # seconds between asking a child to stop and killing it


def pid_file(name: str) -> Path:
    return embedded.run_folder() / f"{name}.pid"


def spawn(name: str, words: Sequence[str], output: int) -> subprocess.Popen[bytes]:
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
    pid_file(name).write_text(json.dumps({"pid": child.pid, "command": list(words)}))
    return child


def interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Signals wait: one between starting a child and noting it would make it an orphan."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, TERMINATING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def stop_leftovers() -> str:
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


def stop_sessions(
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
