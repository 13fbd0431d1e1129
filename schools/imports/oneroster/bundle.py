"""A bundle as it was opened: its files by the standard's names, what its manifest says, bulk or delta."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from schools.imports.oneroster.columns import MEMBERS, NEEDED_IF_PROMISED, NOT_READ
from schools.imports.oneroster.records import Records, check_columns
from schools.imports.problems import FileRefused, Place
from schools.imports.read.table import Contents, Table
from schools.imports.registry import Reading
from schools.imports.values import clean
from schools.models.imports import Completeness, Severity

ABSENT, BULK, DELTA = "absent", "bulk", "delta"
VERSIONS = ("1.0", "1.1", "1.2")


def member_name(path: str) -> str:
    """A file's name in the standard's terms: without folders and ``.csv``, in small letters; blank for no CSV file."""
    folders, _slash, name = path.replace("\\", "/").rpartition("/")
    if name.startswith("._") or "__MACOSX" in folders:
        return ""
    name = name.casefold()
    return name.removesuffix(".csv") if name.endswith(".csv") or "." not in name else ""


def detects(contents: Contents) -> int:
    """How surely this is OneRoster: by the manifest's headings, else by those of ``users.csv`` and its neighbors.

    Microsoft's School Data Sync 2.1 has files of the same names; its ``users`` have neither schools nor role, its
    ``roles`` no ``roleType``, so that it is not taken for OneRoster.
    """
    found = {member_name(path): {h.strip().casefold() for h in heads} for path, heads in contents.tables.items()}
    users, roles = found.get("users", set()), found.get("roles", set())
    people = {"sourcedid", "givenname", "familyname"} <= users
    placed = {"orgsourcedids", "role"} <= users or {"usersourcedid", "roletype", "role"} <= roles
    if {"propertyname", "value"} <= found.get("manifest", set()) and ("users" in found or "orgs" in found):
        return 100
    if people and placed and {"sourcedid", "name", "type"} <= found.get("orgs", set()):
        return 90
    return 60 if people and placed else 0


@dataclass
class Bundle:
    """What the parts of the layout work on."""

    reading: Reading
    delta: bool
    files: dict[str, Records] = field(default_factory=dict)
    rows_read: int = 0

    def say(self, rows: int) -> None:
        """Count rows for the progress bar."""
        self.rows_read += rows
        self.reading.say(self.rows_read)

    def note(self, text: Any) -> None:
        """A line for the preview."""
        self.reading.notes.append(str(text))


def open_bundle(reading: Reading) -> Bundle:
    """Find the files, hold the manifest against them, settle bulk or delta, and check the headings.

    A bundle is complete (``Completeness.REPLACES``, as the layout says) only where its manifest says so of every
    file that is read. With a delta, or with no manifest, nothing that is missing counts as gone, and rows marked
    ``tobedeleted`` are passed on as deletions. Raises :class:`~schools.imports.problems.FileRefused`.
    """
    tables = _by_name(reading.tables)
    modes = _manifest(reading, tables.pop("manifest", None), {name.casefold() for name in tables})
    for name in ("orgs", "users"):
        if name.casefold() not in tables:
            raise FileRefused(
                _("The bundle has no %(file)s.") % {"file": f"{name}.csv"},
                _("Without it no student can be placed in a school. Export again, all files in one zip."),
            )
    # A file that is there in spite of the manifest, or unmentioned, is not called complete by anybody.
    bulk = all(modes.get(name) == BULK for name in MEMBERS if name.casefold() in tables)
    if not bulk:
        reading.completeness = Completeness.ADDS
    bundle = Bundle(reading, delta=not bulk)
    for name, member in MEMBERS.items():
        table = tables.get(name.casefold())
        if table is not None:
            bundle.files[name] = Records(table, member, delta=not bulk, problems=reading.problems, say=bundle.say)
    _check(bundle.files)
    return bundle


def _by_name(tables: Mapping[str, Table]) -> dict[str, Table]:
    found: dict[str, Table] = {}
    for path, table in tables.items():
        name = member_name(path)
        if name in found:
            raise FileRefused(
                _("The bundle has %(file)s twice: %(first)s and %(second)s.")
                % {"file": f"{name}.csv", "first": found[name].name, "second": path},
                _("Put one export into the zip, without copies or older exports."),
            )
        if name:
            found[name] = table
    return found


def _check(files: Mapping[str, Records]) -> None:
    check_columns(list(files.values()))
    users = files["users"]
    lacking = [column for column in ("orgSourcedIds", "role") if not users.has(column)]
    if "roles" not in files and lacking:
        raise FileRefused(
            _("%(file)s lacks %(columns)s, and there is no roles.csv.")
            % {"file": users.file, "columns": ", ".join(lacking)},
            _("OneRoster 1.1 has schools and role in users.csv, 1.2 in roles.csv. Export again, with either."),
        )


def _manifest(reading: Reading, manifest: Table | None, there: set[str]) -> dict[str, str]:
    """What the manifest says of each file that is there (bulk or delta); empty where there is no manifest.

    A manifest that disagrees with the files: a file it promises and that is missing stops the load where it is
    needed; everything else is noted, and what is there is read.
    """
    if manifest is None:
        reading.problems.note(
            "no_manifest",
            _("There is no manifest.csv, which says whether this is all there is (bulk) or what has changed (delta)"),
            Place("manifest.csv", 0),
            advice=_("Nothing that is missing counts as gone. Add the manifest to replace what is there."),
            severity=Severity.NOTED,
        )
        return {}
    known = {name.casefold(): name for name in (*MEMBERS, *NOT_READ)}
    modes: dict[str, str] = {}

    def note(cause: str, text: Any, line: int, value: str, advice: Any = "") -> None:
        place = Place(manifest.name, line, "", value)
        reading.problems.note(cause, text, place, advice=advice, severity=Severity.NOTED)

    for line, key, value in _properties(manifest):
        area, _dot, name = key.partition(".")
        if area == "file" and name in known and value in {ABSENT, BULK, DELTA}:
            name = known[name]
            modes[name] = value
            if value != ABSENT and name.casefold() not in there:
                if name in NEEDED_IF_PROMISED:
                    raise FileRefused(
                        _("The manifest promises %(file)s, and it is not in the bundle.") % {"file": f"{name}.csv"},
                        _("The bundle is not whole. Export again; or correct the manifest, if the file is not meant."),
                    )
                note("file_missing", _("The manifest promises a file that is not there"), line, f"{name}.csv")
            elif value == ABSENT and name.casefold() in there:
                note("file_unannounced", _("A file that the manifest calls absent is there; read"), line, f"{name}.csv")
        elif area == "file" or area not in {"manifest", "oneroster", "source"}:
            note("manifest_line", _("A line of the manifest that says nothing known; ignored"), line, f"{key}={value}")
        elif key == "oneroster.version" and value not in VERSIONS:
            text = _("The manifest names a version that is not known; read by its headings")
            note("manifest_version", text, line, value, _("OneRoster CSV 1.1 and 1.2 are read."))
    for name in sorted(known[one] for one in there if one in known and known[one] in MEMBERS):
        if name not in modes:
            note("file_unannounced", _("A file that the manifest does not mention is there; read"), 0, f"{name}.csv")
    return modes


def _properties(manifest: Table) -> Iterable[tuple[int, str, str]]:
    headings = [heading.strip().casefold() for heading in manifest.headings]
    try:
        name, value = headings.index("propertyname"), headings.index("value")
    except ValueError:
        raise FileRefused(
            _("%(file)s lacks the columns propertyName and value.") % {"file": manifest.name},
            _("Export again, or take the manifest out: then nothing that is missing counts as gone."),
        ) from None
    for chunk in manifest.chunks():
        for line, row in zip(chunk.lines, chunk.rows, strict=True):
            yield line, clean(row[name]).casefold(), clean(row[value]).casefold()
