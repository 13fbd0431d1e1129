"""What the person at the terminal reads while the product starts and runs."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class UpError(Exception):
    """The product cannot run; the message is one line for the person at the terminal."""


class Step:
    result = "done"


@contextmanager
def doing(text: str) -> Iterator[Step]:
    print(f"- {text} ...", flush=True)
    begin, step = time.monotonic(), Step()
    yield step
    detail(f"{step.result} ({time.monotonic() - begin:.1f} s)")


def detail(line: str) -> None:
    print(f"  {line}", flush=True)
