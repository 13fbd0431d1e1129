"""What is looked at before anything slow: addresses that work, and one start at a time."""

import fcntl
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from hstw import embedded
from hstw.up.terminal import UpError

OLDEST_POSTGRES = 16


def asked_address() -> tuple[str, int]:
    port = os.environ.get("PORT") or "8000"
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise UpError(f"PORT is {port!r}; it must be a number from 1 to 65535.")
    return os.environ.get("HOST") or "127.0.0.1", int(port)


@contextmanager
def only_one(address: str) -> Iterator[None]:
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
