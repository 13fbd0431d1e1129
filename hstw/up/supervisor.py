"""Keeps the programs running until an interrupt, and tells of trouble in their logs."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable

from hstw import embedded
from hstw.up.processes import TERMINATING, pid_file, spawn, stop_sessions, uninterrupted
from hstw.up.terminal import UpError, detail

QUICK_DEATH = 15  # a child that lived shorter than this did not start properly
QUICK_DEATHS = 5
LOG_LIMIT = 20_000_000  # bytes; the log before is kept as .1

TROUBLE = re.compile(
    r"\b(WARNING|ERROR|CRITICAL)\b|\[(warning|error|critical)\s*\]|\"level\": *\"(warning|error|critical)\""
)

TRACEBACK = "Traceback (most recent call last)"


def supervise(programs: dict[str, list[str]], *, when_up: Callable[[Callable[[], None]], None]) -> None:
    """Keep these programs running until an interrupt, which it passes on after stopping them all.

    `when_up` is called once they are started, with a function to call while it waits for something.
    Raises `UpError` when a program keeps dying.
    """
    children = [Child(name, words) for name, words in programs.items()]

    def watch() -> None:
        for child in children:
            child.watch()
        time.sleep(0.2)

    try:
        for child in children:
            child.start()
        when_up(watch)
        while True:
            watch()
    except KeyboardInterrupt:
        print("\nStopping", flush=True)
        raise
    finally:
        impatient: list[int] = []
        for sign in TERMINATING:
            signal.signal(sign, lambda number, frame: impatient.append(number))
        by_pid = {child.process.pid: child for child in children if child.process}
        stop_sessions(list(by_pid), lambda pid: by_pid[pid].has_ended(), lambda: bool(impatient))
        for child in children:
            child.forget()


class Child:
    """One program under supervision: started, restarted when it dies, its log watched for trouble."""

    def __init__(self, name: str, words: list[str]) -> None:
        self.name = name
        self.words = words
        self.process: subprocess.Popen[bytes] | None = None
        self.quick_deaths = 0
        self.started_at = 0.0
        self.start_again_at = 0.0
        self.log = embedded.log_folder() / f"{name}.log"
        self.log_read = self.log.stat().st_size if self.log.exists() else 0
        self.in_traceback = False

    def start(self) -> None:
        with open(self.log, "ab", opener=embedded.private_file) as output, uninterrupted():
            self.process = spawn(self.name, self.words, output.fileno())
        self.started_at = time.monotonic()

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def watch(self) -> None:
        self._show_trouble()
        if self.process is None:
            if time.monotonic() >= self.start_again_at:
                self.start()
            return
        code = self.process.poll()
        if code is not None:
            self._died(code)

    def forget(self) -> None:
        self._show_trouble()
        pid_file(self.name).unlink(missing_ok=True)

    def _died(self, code: int) -> None:
        assert self.process is not None
        stop_sessions([self.process.pid], lambda pid: True)  # what it left of its own children
        self.process = None
        lived = time.monotonic() - self.started_at
        self.quick_deaths = self.quick_deaths + 1 if lived < QUICK_DEATH else 1
        ending = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        if self.quick_deaths >= QUICK_DEATHS:
            raise UpError(f"{self.name} ended {QUICK_DEATHS} times in a row, {ending}; see {self.log}")
        pause = 2 ** (self.quick_deaths - 1)
        self.start_again_at = time.monotonic() + pause
        detail(f"{self.name}: ended {ending}; starting it again in {pause} s")

    def _show_trouble(self) -> None:
        """Repeat on the terminal what the log says of warnings and errors."""
        with self.log.open("rb") as log:
            log.seek(self.log_read)
            news = log.read()
        complete = news[: news.rfind(b"\n") + 1]
        self.log_read += len(complete)
        for line in complete.decode(errors="replace").splitlines():
            # A traceback ends with the first line that is not indented.
            was_in_traceback, self.in_traceback = (
                self.in_traceback,
                TRACEBACK in line or (self.in_traceback and line.startswith((" ", "\t"))),
            )
            if was_in_traceback or self.in_traceback or TROUBLE.search(line):
                detail(f"{self.name}: {line}")
        if self.log_read > LOG_LIMIT:
            shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
            os.truncate(self.log, 0)  # the child appends, so it goes on at the start
            self.log_read = 0
