"""Many invitations from a file: CSV or XLSX, read with distrust, turned into offers and problems by line."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from django.db.models import Q
from django.utils.translation import gettext as _

from hstw.access import Action, Role
from schools import invitations
from schools.imports.problems import FileRefused
from schools.imports.read import workbook
from schools.imports.read.archive import Limits
from schools.imports.read.parts import Part
from schools.models import Organization, User

COLUMNS = ("name", "email", "position", "role", "organization", "ends")
NEEDED = ("name", "email", "role")
MAX_BYTES = 2 * 1024 * 1024
MAX_ROWS = 2000
WORKBOOK = Limits(file_bytes=MAX_BYTES, unpacked_bytes=20 * 1024 * 1024, members=200)
MAX_CELL = 300

SAMPLE = (
    COLUMNS,
    ("Maria Alvarez", "maria.alvarez@example.org", "Assistant principal", "site_team", "", ""),
    ("Sam Brooks", "sam.brooks@example.org", "School counselor", "counselor", "010000100001", "2027-06-30"),
)


class FileError(ValueError):
    """A file that cannot be read; the message is for the person."""


@dataclass
class Line:
    """One line of the file: what it offers, and what stands against it."""

    number: int
    cells: dict[str, str]
    offer: invitations.Offer | None = None
    problems: list[str] = field(default_factory=list)


@dataclass
class Preview:
    """What a file would do."""

    lines: list[Line]

    @property
    def good(self) -> list[Line]:
        return [line for line in self.lines if not line.problems]

    @property
    def bad(self) -> list[Line]:
        return [line for line in self.lines if line.problems]

    @property
    def grouped(self) -> list[tuple[str, list[int]]]:
        """Each problem with the lines that have it, the most frequent first."""
        found: dict[str, list[int]] = {}
        for line in self.lines:
            for problem in line.problems:
                found.setdefault(problem, []).append(line.number)
        return sorted(found.items(), key=lambda item: (-len(item[1]), item[1]))


def sample() -> str:
    """A file to start from."""
    text = io.StringIO()
    csv.writer(text).writerows(SAMPLE)
    return text.getvalue()


def read(file: IO[bytes], name: str) -> list[dict[str, str]]:
    """The rows of a file, by column name, blank rows left out; raises :class:`FileError`."""
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise FileError(_("The file is larger than 2 MB."))
    rows = _xlsx(data) if data.startswith(b"PK") or name.lower().endswith(".xlsx") else _csv(data)
    header = [cell.strip().lower() for cell in next(rows, [])]
    if missing := [column for column in NEEDED if column not in header]:
        raise FileError(
            _("The first line must name the columns; missing: %(columns)s.") % {"columns": ", ".join(missing)}
        )
    found: list[dict[str, str]] = []
    for number, cells in enumerate(rows, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(found) == MAX_ROWS:
            raise FileError(_("The file has more than 2,000 rows. Split it."))
        row = {
            column: cell.strip()[:MAX_CELL] for column, cell in zip(header, cells, strict=False) if column in COLUMNS
        }
        found.append({**dict.fromkeys(COLUMNS, ""), **row, "line": str(number)})
    if not found:
        raise FileError(_("The file has no rows below its first line."))
    return found


def preview(rows: list[dict[str, str]], *, by: User, organization: Organization) -> Preview:
    """What the rows offer, and what stands against each; asks the database a fixed number of times."""
    named = {row["organization"] for row in rows if row["organization"]}
    places = _places(named, by=by)
    lines = []
    for row in rows:
        line = Line(int(row["line"]), row)
        place = _one(places, row["organization"], line) if row["organization"] else organization
        role, ends = _role(row["role"], line), _day(row["ends"], line)
        if not row["name"]:
            line.problems.append(_("The name is missing."))
        if len(row["name"]) > 200 or len(row["position"]) > 200 or len(row["email"]) > 254:
            line.problems.append(_("A text is too long."))
        if not line.problems and place is not None and role is not None:
            line.offer = invitations.Offer(row["name"], row["email"], place, role, row["position"], ends=ends)
        lines.append(line)
    offered = [line for line in lines if line.offer is not None]
    against = invitations.problems(by, [line.offer for line in offered if line.offer is not None])
    for line, wrong in zip(offered, against, strict=True):
        line.problems.extend(wrong)
    return Preview(lines)


def _csv(data: bytes) -> Iterator[list[str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")  # how Excel on Windows saves
    if "\0" in text:
        raise FileError(_("This is not a CSV or XLSX file."))
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        yield from csv.reader(io.StringIO(text), delimiter=delimiter)
    except csv.Error as error:
        raise FileError(_("The file cannot be read as CSV.")) from error


def _xlsx(data: bytes) -> Iterator[list[str]]:
    """The first sheet, read only; a file that unpacks to more than it should, or brings entities, is refused."""
    part = Part(_("The file"), len(data), lambda: io.BytesIO(data))
    try:
        with workbook.open_workbook(part, WORKBOOK) as book:
            for sheet in workbook.sheets(book)[:1]:
                for _number, row in workbook.rows(sheet, max_row=MAX_ROWS + 1000, max_col=20):
                    yield [_text(value) for value in row]
    except FileRefused as error:
        raise FileError(f"{error.text} {error.advice}") from error


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime | dt.date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _places(named: set[str], *, by: User) -> dict[str, list[Organization]]:
    """Organizations within reach by the ids that a file may call them by: NCES id, state id, address here."""
    # A spreadsheet takes leading zeros off what looks like a number.
    nces = named | {text.zfill(width) for text in named for width in (7, 12) if text.isdigit() and len(text) < width}
    rows = (
        Organization.objects.visible_to(by, Action.MANAGE_PEOPLE)
        .filter(Q(nces_id__in=nces) | Q(state_id__in=named) | Q(slug__in=named))
        .select_related("in_state")
    )
    found: dict[str, list[Organization]] = {}
    for row in rows:
        for name in {row.nces_id, row.nces_id.lstrip("0"), row.state_id, row.slug} & named:
            found.setdefault(name, []).append(row)
    return found


def _one(places: dict[str, list[Organization]], text: str, line: Line) -> Organization | None:
    found = places.get(text, [])
    if len(found) == 1:
        return found[0]
    line.problems.append(
        _("The organization id is not known where you invite people.")
        if not found
        else _("The organization id names more than one organization; use the NCES id.")
    )
    return None


def _role(text: str, line: Line) -> Role | None:
    wanted = text.casefold().replace("_", " ").replace("-", " ")
    for role in Role:
        if wanted in {role.value.replace("_", " "), str(role.label).casefold().replace("-", " ")}:
            return role
    line.problems.append(_("The role is not one of: %(roles)s.") % {"roles": ", ".join(Role.values)})
    return None


def _day(text: str, line: Line) -> dt.date | None:
    if not text:
        return None
    for pattern in ("%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y"):
        try:
            return dt.datetime.strptime(text, pattern).date()
        except ValueError:
            continue
    line.problems.append(_("The last day is not a date such as 2027-06-30."))
    return None
