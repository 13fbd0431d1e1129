"""Whom the servers run as, and what root must do so that they can reach their data."""

import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from hstw.embedded.places import SYSTEM_HOME
from hstw.embedded.words import EmbeddedError, Say


class Account(NamedTuple):
    """The unprivileged account that servers run as when the caller is root."""

    name: str
    uid: int
    gid: int


def servers_account(say: Say) -> Account | None:
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


def identity(account: Account | None) -> dict[str, Any]:
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}


def make_private(folder: Path, account: Account | None) -> None:
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


def give(folder: Path, account: Account | None) -> None:
    """Hand data to the account, where it was made under another one (an image built anew, say)."""
    if account and any(path.lstat().st_uid != account.uid for path in [folder, *folder.iterdir()]):
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
