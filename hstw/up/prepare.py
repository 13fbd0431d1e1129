"""The schema and the demonstration world, made ready by commands of manage.py."""

import os
import re
import subprocess
import sys
from collections.abc import Callable

from hstw.embedded import PROJECT
from hstw.up.processes import pid_file, spawn, stop_sessions, uninterrupted
from hstw.up.terminal import UpError, detail, doing


def prepare() -> None:
    with doing("Bringing the database up to date") as step:
        apps: set[str] = set()

        def first_of_app(line: str) -> str:
            """Some progress, without a line for each of many migrations."""
            if not (found := re.match(r" +Applying (\w+)\.", line)) or found[1] in apps:
                return ""
            apps.add(found[1])
            return f"tables of {found[1]}"

        lines = manage("migrate", "--noinput", show=first_of_app)
        applied = sum(line.lstrip().startswith("Applying") for line in lines)
        step.result = f"{applied} migrations applied" if applied else "nothing to do"
    if applied:
        # A new version may bring newer lists; what somebody loaded from a path is kept.
        with doing("Loading code lists"):
            manage("load_codes", show=str.strip)
    if has_demonstration():
        with doing("Loading the demonstration world, if the database is empty"):
            manage("demo", "--scale", "small", "--if-empty", show=str.strip)


def has_demonstration() -> bool:
    return os.environ.get("HSTW_DEMO") != "0" and any(PROJECT.glob("*/management/commands/demo.py"))


def manage(*arguments: str, show: Callable[[str], str]) -> list[str]:
    """Run a command of manage.py and return its output; raise `UpError` where it fails.

    `show` says what of a line the terminal gets while the command runs.
    """
    lines: list[str] = []
    with uninterrupted():
        child = spawn("manage", [sys.executable, str(PROJECT / "manage.py"), *arguments], subprocess.PIPE)
    try:
        assert child.stdout is not None
        for raw in child.stdout:
            lines.append(raw.decode(errors="replace").rstrip())
            if news := show(lines[-1]):
                detail(news)
        code = child.wait()
    except BaseException:
        stop_sessions([child.pid], lambda pid: child.poll() is not None)
        raise
    finally:
        assert child.stdout is not None
        child.stdout.close()
        pid_file("manage").unlink(missing_ok=True)
    if code:
        for line in lines[-20:-1]:
            detail(line)
        raise UpError(f"manage.py {arguments[0]} failed: {lines[-1] if lines else f'exit code {code}'}")
    return lines
