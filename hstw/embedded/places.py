"""Where things are: computed, the same with and without a running server."""

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from hstw.embedded.words import EmbeddedError

PROJECT = Path(__file__).resolve().parent.parent.parent
SYSTEM_HOME = Path("/var/lib/hstw")
DATABASE = "hstw"
ROLES = {"app": "hstw_app", "owner": "hstw_owner"}
POSTGRES_FOLDERS = {16: "pginstall", 18: "pginstall18"}
SOCKET_PATH_LIMIT = 100  # the kernel allows 107 bytes on Linux and 103 on macOS


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
    longest = len(os.fsencode(inside / f".s.PGSQL.{port()}"))
    # libpq reads a comma in the host as a list of hosts.
    if longest < SOCKET_PATH_LIMIT and "," not in str(inside):
        return inside
    # Not TMPDIR: every process must come to the same address. make_private refuses a stranger's directory.
    return Path("/tmp") / f"hstw-{os.geteuid()}-{_digest(home())}"  # noqa: S108


def run_folder() -> Path:
    """Where pid files and locks are kept; created when missing."""
    return _kept_folder("run")


def log_folder() -> Path:
    """Where programs that run beside the servers write their logs; created when missing."""
    return _kept_folder("log")


def _kept_folder(name: str) -> Path:
    folder = home() / name
    with readable_errors(f"cannot use its {name} directory"):
        make_home()
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def make_home() -> None:
    """Create `home()`. Of directories that exist already, no mode is ever changed."""
    private = 0o711 if os.geteuid() == 0 else 0o700  # root's servers must pass through
    if home().is_dir():
        return
    for folder in reversed([home(), *home().parents]):
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            folder.chmod(private if folder == home() else 0o755)


def database(role: Literal["app", "owner"] = "app") -> dict[str, str]:
    """Django's connection values for the embedded database: `app` works, `owner` changes the schema."""
    return {
        "NAME": DATABASE,
        "USER": ROLES[role],
        "PASSWORD": "",
        "HOST": str(sockets()),
        "PORT": port(),
    }


def redis_url() -> str:
    """The embedded Valkey's address, as redis-py reads it."""
    return f"unix://{quote(str(valkey_socket()))}?db=0"


def local_secret_key() -> str:
    """This checkout's own signing key, made on first use and readable by its owner only."""
    path = home() / "secret_key"
    with readable_errors("cannot keep the local secret key"):
        if not path.exists():
            make_home()
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


def private_file(path: str, flags: int) -> int:
    """For `open(opener=...)`: a new file is readable by its owner only."""
    return os.open(path, flags, 0o600)


def postgres_version() -> int:
    """The major version asked for by `PGSERVER_POSTGRES_VERSION`."""
    asked = os.environ.get("PGSERVER_POSTGRES_VERSION") or "18"
    if asked not in {str(major) for major in POSTGRES_FOLDERS}:
        raise EmbeddedError(f"PGSERVER_POSTGRES_VERSION is {asked!r}; it can be 16 or 18.")
    return int(asked)


def port() -> str:
    """Part of the socket's name; one per major version, so that both can run side by side."""
    return str(5400 + postgres_version())


def cluster_folder() -> Path:
    return home() / f"postgres-{postgres_version()}"


def postgres_log() -> Path:
    return home() / "postgres" / "log"


def valkey_folder() -> Path:
    return home() / "valkey"


def valkey_socket() -> Path:
    return sockets() / "valkey.sock"


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:8]


@contextmanager
def readable_errors(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EmbeddedError(f"HSTW {what}: {error.strerror or error} ({error.filename or home()}).") from error
