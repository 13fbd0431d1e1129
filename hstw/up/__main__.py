"""Start everything in order and keep it running."""

import os
import signal
import sys
from contextlib import ExitStack

from hstw import embedded
from hstw.embedded import EmbeddedError
from hstw.up.checks import asked_address, check_database, check_port, check_redis, only_one
from hstw.up.first_page import shown, wait_until_open
from hstw.up.prepare import prepare
from hstw.up.processes import TERMINATING, interrupt, stop_leftovers
from hstw.up.programs import programs
from hstw.up.supervisor import supervise
from hstw.up.terminal import UpError, detail, doing


def main() -> int:
    for sign in TERMINATING:
        signal.signal(sign, interrupt)
    try:
        _up()
    except (UpError, EmbeddedError) as error:
        print(f"HSTW: {error}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("HSTW has stopped.", flush=True)
    return 0


def _up() -> None:
    os.environ.setdefault("HSTW_ENV", "local")
    host, port = asked_address()
    print("Starting HSTW (Ctrl-C stops it)", flush=True)
    with only_one(f"http://{shown(host)}:{port}"):
        with doing("Looking for processes that an earlier start left behind") as step:
            step.result = stop_leftovers()
        with doing(f"Checking Python, port {port} and addresses") as step:
            check_port(host, port)
            check_database()
            check_redis()
            step.result = f"Python {sys.version.split()[0]}, port {port} is free"
        embedded.local_secret_key()
        with ExitStack() as stack:
            with doing(f"Starting PostgreSQL {embedded.postgres_version()} and Valkey") as step:
                started = stack.enter_context(embedded.servers(say=detail))
                step.result = _whose_servers(started)
            prepare()
            supervise(programs(host, port), when_up=lambda watch: wait_until_open(host, port, watch))


def _whose_servers(started: list[str]) -> str:
    said = []
    for name, variable in (("PostgreSQL", "DATABASE_URL"), ("Valkey", "REDIS_URL")):
        if os.environ.get(variable):
            said.append(f"{name}: the one in {variable}")
        else:
            said.append(f"{name}: {'started' if name in started else 'was running already'}")
    return ", ".join(said)


if __name__ == "__main__":
    sys.exit(main())
