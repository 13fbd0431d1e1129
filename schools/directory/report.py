"""What a load did, and what it did not take over."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

ROW_REFUSED, VALUE_LEFT_OUT, NOTED = "row refused", "value left out", "noted"


class DirectoryError(Exception):
    """The file as a whole cannot be loaded; nothing was. The message says what to do."""


@dataclass(frozen=True)
class Problem:
    """Something that was not taken over, where it stands and why."""

    effect: str
    cause: str
    line: int
    heading: str
    value: str


@dataclass
class Report:
    """What a load did."""

    file: str
    layout: str
    rows: int = 0
    other_states: int = 0
    new_kinds: Counter[str] = field(default_factory=Counter)
    changed: int = 0
    unchanged: int = 0
    members_new: int = 0
    members_changed: int = 0
    members_unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def new(self) -> int:
        """Organizations created, the state and the region above included."""
        return self.new_kinds.total()

    def note(self, effect: str, cause: str, line: int, heading: str, value: str) -> None:
        """Add a problem; one cause, many places."""
        self.problems.append(Problem(effect, cause, line, heading, value))

    def causes(self, places: int = 5) -> list[dict[str, Any]]:
        """By effect and cause, most frequent first, with the first places as ``file:line:column:value``."""
        grouped: dict[tuple[str, str], list[Problem]] = {}
        for problem in self.problems:
            grouped.setdefault((problem.effect, problem.cause), []).append(problem)
        return [
            {
                "effect": effect,
                "cause": cause,
                "count": len(found),
                "places": [f"{self.file}:{p.line}:{p.heading}:{p.value}" for p in found[:places]],
            }
            for (effect, cause), found in sorted(grouped.items(), key=lambda item: -len(item[1]))
        ]

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        counts = {
            name: getattr(self, name)
            for name in (
                *("file", "layout", "rows", "other_states", "new", "changed", "unchanged"),
                *("members_new", "members_changed", "members_unchanged"),
            )
        }
        return counts | {"new_by_kind": dict(self.new_kinds), "problems": self.causes()}
