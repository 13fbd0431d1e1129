"""The servers, for as long as somebody uses them."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from hstw.embedded import postgres, valkey
from hstw.embedded.locks import exclusive, is_free, open_lock
from hstw.embedded.places import readable_errors, run_folder
from hstw.embedded.words import Say, tell


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
            ("PostgreSQL", postgres.ensure, "DATABASE_URL"),
            ("Valkey", valkey.ensure, "REDIS_URL"),
        )
        if not os.environ.get(variable)
    ]
    if not wanted:
        yield []
        return
    run = run_folder()
    with readable_errors("cannot start the embedded servers"):
        users = open_lock(run / "users.lock")
    try:
        try:
            with exclusive(run), readable_errors("cannot start the embedded servers"):
                fcntl.flock(users, fcntl.LOCK_SH)
                started = [name for name, ensure in wanted if ensure(durable, say)]
            yield started
        finally:
            with exclusive(run):
                fcntl.flock(users, fcntl.LOCK_UN)
                if is_free(users):
                    postgres.stop_all()
                    valkey.stop_all()
    finally:
        os.close(users)
