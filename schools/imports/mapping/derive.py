"""Named functions over several cells of a row, for what a column map cannot say; chosen by ``derive`` in a layout.

Each takes the cells (trimmed, ``""`` where the file says nothing) and the options of its column, and answers the text
for the column, or ``None`` for nothing said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from schools.imports.values import Day, Flag, Integer

Function = Callable[[tuple[str, ...], Mapping[str, Any]], str | None]
# WorkKeys levels go from 3 to 7, with 0 or a “<3” for below (ACT, National Career Readiness Certificate).
_LEVEL = Integer(0, 7)
CERTIFICATES = {3: "Bronze", 4: "Silver", 5: "Gold", 6: "Platinum", 7: "Platinum"}
_FLAG, _DAY = Flag(), Day()
# Words of degree titles as the Clearinghouse returns them; the first that fits counts.
_DEGREES = (
    ("doctor", "doctorate"),
    ("master", "master"),
    ("bachelor", "bachelor"),
    ("baccalaureate", "bachelor"),
    ("associate", "associate"),
    ("diploma", "diploma"),
    ("certificate", "certificate"),
)


def lowest_level(cells: tuple[str, ...], options: Mapping[str, Any]) -> str | None:
    """The lowest of three WorkKeys levels, if it is 3 or above; with fewer than three tests there is none."""
    levels = [None if cell in {"<3", "< 3"} else _LEVEL(cell) for cell in cells]
    if any(level is None for level in levels):
        return None
    lowest = min(int(level) for level in levels if level is not None)
    return str(lowest) if lowest >= 3 else None


def ncrc(cells: tuple[str, ...], options: Mapping[str, Any]) -> str | None:
    """The National Career Readiness Certificate that three WorkKeys levels earn: it goes by the lowest."""
    lowest = lowest_level(cells, options)
    return CERTIFICATES[int(lowest)] if lowest else None


def highest_flag(cells: tuple[str, ...], options: Mapping[str, Any]) -> str | None:
    """The first of ``labels`` whose cell says yes; ``otherwise`` where all say no; nothing where none says anything."""
    flags = [_FLAG(cell) for cell in cells]
    for flag, label in zip(flags, options["labels"], strict=True):
        if flag == "true":
            return str(label)
    return str(options["otherwise"]) if "false" in flags else None


def by_season(cells: tuple[str, ...], options: Mapping[str, Any]) -> str | None:
    """``spring`` or ``fall``, whichever a date lies in (January to June, July to December)."""
    day = _DAY(cells[0])
    if day is None:
        return None
    return str(options["spring"] if int(day[5:7]) < 7 else options["fall"])


def degree_level(cells: tuple[str, ...], options: Mapping[str, Any]) -> str | None:
    """What a degree's title says of its level; the title itself, cut to 30 characters, where it says nothing known."""
    title = cells[0].casefold()
    for word, level in _DEGREES:
        if word in title:
            return level
    return cells[0][:30] or None


FUNCTIONS: dict[str, Function] = {
    "lowest_level": lowest_level,
    "ncrc": ncrc,
    "highest_flag": highest_flag,
    "by_season": by_season,
    "degree_level": degree_level,
}
# Options that a function must be given.
NEEDS: dict[str, frozenset[str]] = {
    "highest_flag": frozenset({"labels", "otherwise"}),
    "by_season": frozenset({"spring", "fall"}),
}
