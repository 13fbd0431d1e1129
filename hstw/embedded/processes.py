"""Server processes: started, found again by their pid file, stopped."""

import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from hstw.embedded.accounts import Account, identity
from hstw.embedded.places import private_file
from hstw.embedded.words import EmbeddedError

START_PATIENCE = 120  # seconds; recovery after a power cut may take a while
STOP_PATIENCE = 30

_children: dict[int, subprocess.Popen[bytes]] = {}  # ours to reap; an ended one would look alive otherwise


def launch(words: Sequence[str | Path], *, log: Path, folder: Path, account: Account | None) -> psutil.Process:
    """Start a server in a session of its own, so that Ctrl-C in the terminal does not reach it."""
    with open(log, "wb", opener=private_file) as output:
        child = subprocess.Popen(
            [str(word) for word in words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment(),
            umask=0o077,
            start_new_session=True,
            **identity(account),
        )
    _children[child.pid] = child
    return psutil.Process(child.pid)


def environment() -> dict[str, str]:
    """Nothing of the caller's: a stray PGHOST or PGOPTIONS must not reach the server."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def recorded(pid_file: Path) -> psutil.Process | None:
    """The living process that a pid file names."""
    try:
        server = psutil.Process(int(pid_file.read_text().split()[0]))
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return None if has_ended(server) else server


def command(server: psutil.Process) -> list[str]:
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


def stop(
    server: psutil.Process, gently: signal.Signals, firmly: signal.Signals, patience: float = STOP_PATIENCE
) -> None:
    for sign in (gently, firmly):
        try:
            server.send_signal(sign)
        except psutil.NoSuchProcess:
            return
        for _ in moments(patience):
            if has_ended(server):
                return
    raise EmbeddedError(f"The server with process id {server.pid} does not stop.")


def moments(seconds: float) -> Iterator[None]:
    """Come back often, for at most this long."""
    end = time.monotonic() + seconds
    while True:
        yield
        if time.monotonic() >= end:
            return
        time.sleep(0.02)
