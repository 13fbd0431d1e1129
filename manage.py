#!/usr/bin/env python
"""Django's command line, with the embedded servers around the commands that need them."""

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(f"HSTW needs Python 3.11 or newer; this is {sys.version.split()[0]}.")

import signal
from contextlib import nullcontext

# These work without a database, so they start in a moment and on a machine where none runs.
SERVERLESS = {
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "startapp",
    "startproject",
    "version",
}
# These create, change or empty tables, which the application's own role may not.
OWNER = {"backup", "createcachetable", "flush", "migrate", "optimizemigration", "pgtrigger", "restore"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hstw.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command in OWNER:
        os.environ["HSTW_DATABASE_ROLE"] = "owner"
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
        from django.db import OperationalError

        from hstw import embedded
    except ModuleNotFoundError as error:
        sys.exit(
            f"{error.name} is not installed here: run `make run` once, then use .venv/bin/python manage.py."
        )

    # A terminated command must stop what it started, so it leaves by an exception.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        with embedded.servers() if needs_servers(command, sys.argv[2:]) else nullcontext():
            execute_from_command_line(sys.argv)
    except (embedded.EmbeddedError, ImproperlyConfigured) as error:
        sys.exit(str(error))
    except OperationalError as error:
        # Only a failed connection has no SQLSTATE; everything else deserves its traceback.
        if getattr(error.__cause__, "sqlstate", None):
            raise
        sys.exit("The database cannot be reached: " + " ".join(str(error).split()))
    except KeyboardInterrupt:
        sys.exit(130)


def needs_servers(command: str, arguments: list[str]) -> bool:
    if command in SERVERLESS or command.startswith("-") or {"-h", "--help", "--version"} & set(arguments):
        return False
    if command == "check":
        return any(argument.split("=")[0] in {"--database", "--deploy"} for argument in arguments)
    return True


if __name__ == "__main__":
    main()
