"""Which kinds of file there are: layouts and targets, of this app and of those above it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from hstw.access import Action
from hstw.values import SchoolYear
from schools.imports import targets
from schools.imports.places import Places
from schools.imports.problems import Problems
from schools.imports.read.table import Contents, Table
from schools.imports.targets import Target
from schools.models import Organization
from schools.models.imports import Completeness


class Stage(Protocol):
    """Where a reader puts the rows of one target, column by column."""

    def put(self, file: str, lines: Sequence[int], values: Mapping[str, Sequence[str | None]]) -> None:
        """Stage rows: for each column opened a sequence as long as ``lines`` (canonical text, or ``None``)."""


class Sink(Protocol):
    """What a reader writes into."""

    def open(self, target: str, columns: Sequence[str]) -> Stage:
        """Begin to stage a target. ``columns`` are those that the file brings: others are left as they are.

        Beside the target's own, every target takes ``organization_id`` and ``year``; targets about students also
        ``source_key`` (what the file itself calls the student), ``state_number`` and ``local_number``. A column
        ``deleted`` (``"true"``) marks records that a delta takes away.
        """


@dataclass
class Reading:
    """What a layout's ``read`` is given: the file's tables, where it is loaded for, and where results go."""

    tables: Mapping[str, Table]
    organization: Organization
    year: SchoolYear
    places: Places
    problems: Problems
    sink: Sink
    # Called with the number of rows read so far; raises where the person has cancelled.
    say: Callable[[int], None] = lambda rows: None
    # What the preview should tell beside counts, in whole sentences.
    notes: list[str] = field(default_factory=list)
    # Where the file itself says whether it is all (OneRoster bulk) or changes only (delta); ``None``: as the layout.
    completeness: Completeness | None = None


@dataclass(frozen=True)
class Layout:
    """A kind of file that can be loaded.

    ``detects`` looks at the contents (headings of the tables, first bytes of other members) and answers how sure it is:
    0 is “not mine”, the highest wins. ``read`` puts canonical rows into the sink. ``refuses`` is why a
    recognized kind is not read yet (Ed-Fi XML, School Data Sync).
    """

    code: str
    title: Any
    source: Any
    completeness: Completeness
    targets: tuple[str, ...]
    detects: Callable[[Contents], int]
    read: Callable[[Reading], None]
    needs: Action = Action.IMPORT_STUDENTS
    # Kinds of organization that such a file can be loaded for.
    kinds: frozenset[str] = frozenset({"district", "school"})
    # Kinds of organization that the file names: among them, at or below where it is loaded for, ``places`` looks.
    finds: tuple[str, ...] = ("school",)
    help: Any = ""
    refuses: Any = ""
    # Our own template has a codebook and blank files to start from.
    template: bool = False
    # How the publisher's year maps to ours, in words, where it does not speak for itself.
    year_means: Any = ""


_layouts: dict[str, Layout] = {}
_targets: dict[str, Target] = {target.code: target for target in targets.BUILT_IN}


def register(*layouts: Layout) -> None:
    """Make layouts known; a code is given once."""
    for layout in layouts:
        if layout.code in _layouts:
            raise ValueError(f"The layout {layout.code} is registered twice.")
        for code in layout.targets:
            target(code)
        _layouts[layout.code] = layout


def register_target(new: Target) -> None:
    """Make a target of a higher app known."""
    if new.code in _targets:
        raise ValueError(f"The target {new.code} is registered twice.")
    _targets[new.code] = new


def layout(code: str) -> Layout:
    """The layout of this code; raises ``KeyError``."""
    return _layouts[code]


def layouts() -> list[Layout]:
    """All layouts, our own templates first."""
    return sorted(_layouts.values(), key=lambda one: (not one.template, str(one.title)))


def target(code: str) -> Target:
    """The target of this code; raises ``KeyError``."""
    return _targets[code]


def target_codes() -> list[str]:
    """The codes of all targets."""
    return list(_targets)
