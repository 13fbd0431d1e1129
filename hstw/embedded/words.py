"""What the embedded servers say to the person at the terminal."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

Say = Callable[[str], None]


class EmbeddedError(Exception):
    """An embedded server cannot be had; the message is one line for the person at the terminal."""


def tell(line: str) -> None:
    """Print to standard error, so that a command's own output stays clean."""
    print(line, file=sys.stderr, flush=True)


def last_words(*logs: Path) -> str:
    lines = [line for log in logs if log.exists() for line in log.read_text(errors="replace").splitlines()]
    return one_line([line for line in lines if "logging collector" not in line and "HINT:" not in line])


def one_line(lines: Sequence[str]) -> str:
    return " | ".join([line.strip() for line in lines if line.strip()][-3:]) or "it said nothing"
