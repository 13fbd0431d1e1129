"""What is wrong with the rows of a chunk, until they are reported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from schools.imports.values import BadValue
from schools.models.imports import Severity


@dataclass(frozen=True)
class Fault:
    """Something wrong with a row."""

    cause: str
    text: Any
    advice: Any
    heading: str = ""
    value: str = ""
    severity: Severity = Severity.REFUSED


class Faults:
    """What is wrong with the rows of a chunk, by position; once per row, cause and heading."""

    def __init__(self, headings: Sequence[str]) -> None:
        self.headings = headings
        self.found: dict[int, list[Fault]] = defaultdict(list)

    def add(self, index: int, fault: Fault) -> None:
        """One more, unless it is known."""
        if all((one.cause, one.heading) != (fault.cause, fault.heading) for one in self.found[index]):
            self.found[index].append(fault)

    def bad(self, index: int, bad: BadValue, heading: str, value: str) -> None:
        """A cell that cannot be read."""
        self.add(index, Fault(bad.cause, bad.text, bad.advice, heading, value))

    def only(self, rows: Sequence[bool]) -> None:
        """Forget rows that give nothing to load."""
        for index in [index for index in self.found if not rows[index]]:
            del self.found[index]
