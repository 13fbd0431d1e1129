"""Problems of a file, grouped by cause: how often, the first places, what to do; the bad rows go into a file.

A person who loads 40,000 rows wants to hear once, with the count, that a column is wrong: never 40,000 times.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from django.utils.translation import gettext as _

from hstw.exports.tables import safe
from schools.models.imports import Severity

FIRST_PLACES = 5
# What follows from another row's problem: told after the problem that it follows from.
CONSEQUENCES = frozenset({"student_left_out", "student_refused"})
# Rows kept for download; beyond it the count goes on and the file says so.
KEPT_ROWS = 100_000


class FileRefused(Exception):
    """The file as a whole cannot be loaded: why, and what to do, for the person. Nothing was changed."""

    def __init__(self, text: Any, advice: Any = "") -> None:
        super().__init__(str(text))
        self.text, self.advice = str(text), str(advice)


@dataclass(frozen=True)
class Place:
    """Where in a file: the member of the bundle, the line (1 is the header), the heading, the value."""

    file: str
    line: int
    column: str = ""
    value: str = ""


@dataclass
class Problem:
    """One cause."""

    cause: str
    severity: Severity
    text: str
    advice: str
    count: int = 0
    places: list[Place] = field(default_factory=list)


class Problems:
    """Collects problems while a file is read and compared."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Problem] = {}
        self._rejected: IO[str] | None = None
        self.rejected_rows = 0
        # Whose rows were left out while reading, as the file calls them; and how many rows name nobody.
        self.left_out: set[str] = set()
        self.nameless_rows = 0

    def note(
        self,
        cause: str,
        text: Any,
        place: Place,
        *,
        advice: Any = "",
        severity: Severity = Severity.REFUSED,
        count: int = 1,
    ) -> None:
        """Count one more of a cause."""
        # What reads the same is one problem: so it is kept, and so the person sees it.
        label = (f"{place.column}: {text}" if place.column else str(text))[:300]
        key = (severity, label)
        problem = self._found.get(key)
        if problem is None:
            problem = self._found[key] = Problem(cause, severity, label, str(advice)[:500])
        problem.count += count
        if len(problem.places) < FIRST_PLACES:
            problem.places.append(Place(place.file, place.line, place.column, place.value[:120]))

    def reject(
        self,
        file: str,
        line: int,
        reason: Any,
        headings: Sequence[str],
        cells: Sequence[str],
        *,
        who: Sequence[str] = (),
    ) -> None:
        """Keep a row that is left out, with its reason, for download.

        ``who`` are the numbers or keys by which the row names its student: what a replacing file seems to lack of
        that student stays. A row that names nobody holds back every end, since anybody may be missing by it.
        """
        self.rejected_rows += 1
        named = {one for one in who if one}
        if named and len(self.left_out) < KEPT_ROWS:
            self.left_out |= named
        else:
            self.nameless_rows += 1
        if self.rejected_rows > KEPT_ROWS:
            return
        if self._rejected is None:
            self._rejected = tempfile.TemporaryFile("w+", encoding="utf-8", newline="")  # noqa: SIM115
        writer = csv.writer(self._rejected)
        writer.writerow([file, line, str(reason), *[f"{h}={c}" for h, c in zip(headings, cells, strict=False) if c]])

    def rejected_file(self) -> IO[bytes] | None:
        """The rows left out, as CSV (file, line, reason, the row as ``heading=value``); ``None`` if there are none."""
        if self._rejected is None:
            return None
        self._rejected.seek(0)
        out = tempfile.TemporaryFile()  # noqa: SIM115
        text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=True)
        writer = csv.writer(text)
        writer.writerow([_("file"), _("line"), _("reason"), _("row")])
        for row in csv.reader(self._rejected):
            writer.writerow([safe(cell) for cell in row])
        if self.rejected_rows > KEPT_ROWS:
            writer.writerow(["", "", _("%(n)d more rows are not listed") % {"n": self.rejected_rows - KEPT_ROWS}])
        text.flush()
        text.detach()
        out.seek(0)
        return out

    def all(self) -> list[Problem]:
        """Every problem, those that leave rows out first, causes before what follows, the most frequent first."""
        order = {Severity.REFUSED: 0, Severity.NOTED: 1}
        return sorted(
            self._found.values(),
            key=lambda one: (order[one.severity], one.cause in CONSEQUENCES, -one.count, one.text),
        )

    def has(self, cause: str) -> bool:
        """Whether a cause was met."""
        return any(problem.cause == cause for problem in self._found.values())
