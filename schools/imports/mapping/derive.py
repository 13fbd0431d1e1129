"""Named functions over several cells of a row, for what a column map cannot say; chosen by ``derive`` in a layout.

Each takes the cells (trimmed, ``""`` where the file says nothing) and the options of its column, and answers the text
for the column, or ``None`` for nothing said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from schools.imports.values import BadValue, Flag, Integer

Function = Callable[[tuple[str, ...], Mapping[str, Any]], str | None]
# WorkKeys levels go from 3 to 7, with 0 or a “<3” for below (ACT, National Career Readiness Certificate).
_LEVEL = Integer(0, 7)
CERTIFICATES = {3: "Bronze", 4: "Silver", 5: "Gold", 6: "Platinum", 7: "Platinum"}
_FLAG = Flag()


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


def clearinghouse_kind(cells: tuple[str, ...], options: Mapping[str, Any]) -> str | None:
    """Which kind of college: the National Student Clearinghouse writes 4-year, 2-year or less than 2-year."""
    (cell,) = cells
    text = cell.casefold().replace(" ", "-")
    for start, kind in (("4", "college_4yr"), ("2", "college_2yr"), ("l", "training")):
        if text.startswith(start):
            return kind
    if not text:
        return None
    raise BadValue("not_in_list", _("Not a kind of college that the Clearinghouse writes"), _("4-year or 2-year."))


FUNCTIONS: dict[str, Function] = {
    "lowest_level": lowest_level,
    "ncrc": ncrc,
    "highest_flag": highest_flag,
    "clearinghouse_kind": clearinghouse_kind,
}
# Options that a function must be given.
NEEDS: dict[str, frozenset[str]] = {"highest_flag": frozenset({"labels", "otherwise"})}
