"""Final marks of the gradebook: results whose line item or category is called a final grade. Nothing else is kept."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from schools.imports import targets
from schools.imports.oneroster.bundle import Bundle
from schools.imports.oneroster.classes import Classes
from schools.imports.oneroster.columns import SCORE_STATUSES
from schools.imports.oneroster.people import STUDENT, People
from schools.imports.oneroster.records import Words
from schools.imports.oneroster.spells import record_key
from schools.imports.values import BadValue, Memo

FINAL = frozenset(
    {
        "final",
        "final grade",
        "final mark",
        "final average",
        "final course grade",
        "course grade",
        "course final grade",
    }
)
# In a category called “Final” stand final exams as well.
_WORK = re.compile(r"\b(exam|test|quiz|project|paper|essay|assignment|homework)", re.IGNORECASE)
_SEVERAL = -1


def is_final(title: str, category: str) -> bool:
    """Whether a line item holds the grade of the whole course."""
    if title.casefold() in FINAL:
        return True
    return category.casefold() in FINAL and not _WORK.search(title)


class Marks:
    """The final mark of a person in a class's course record; sorted arrays, for there may be millions."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._word: dict[str, int] = {}
        self._keys, self._marks = array("q"), array("q")

    def __bool__(self) -> bool:
        return bool(self._keys)

    def add(self, person: int, record: int, mark: str) -> None:
        """One final mark."""
        number = self._word.get(mark)
        if number is None:
            number = self._word[mark] = len(self.words)
            self.words.append(mark)
        self._keys.append(record_key(person, record))
        self._marks.append(number)

    def close(self) -> int:
        """Put in order; the number of course records for which there are several different marks, and so none."""
        if not self._keys:
            return 0
        keys, marks = np.frombuffer(self._keys, np.int64), np.frombuffer(self._marks, np.int64)
        order = np.lexsort((marks, keys))
        keys, marks = keys[order], marks[order]
        unique, starts = np.unique(keys, return_index=True)
        lows, highs = marks[starts], marks[np.append(starts[1:], len(keys)) - 1]
        chosen = np.where(lows == highs, lows, _SEVERAL)
        self._keys, self._marks = array("q", unique.tobytes()), array("q", chosen.tobytes())
        return int((chosen == _SEVERAL).sum())

    def of(self, person: int, record: int) -> str | None:
        """The mark; ``None`` where there is none, or where several disagree."""
        key = record_key(person, record)
        at = bisect_left(self._keys, key)
        if at < len(self._keys) and self._keys[at] == key and self._marks[at] != _SEVERAL:
            return self.words[self._marks[at]]
        return None


def read_marks(bundle: Bundle, people: People, classes: Classes) -> Marks:
    """Read the gradebook; final marks come back, everything else is counted and told as not kept."""
    marks = Marks()
    items = bundle.files.get("lineItems")
    records = bundle.files.get("results")
    if records is None:
        return marks
    final, every = _final_items(bundle)
    statuses, mark_of = Memo(Words(SCORE_STATUSES)), Memo(_mark)
    others = 0
    columns = ("lineItemSourcedId", "studentSourcedId", "scoreStatus", "score", "textScore")
    for line, gone, (item, user, status, score, text), row in records.rows(*columns):
        if items is not None and not _holds(every, item):
            text = _("A result of a line item that is not in lineItems.csv")
            records.note(line, "unknown_line_item", text, "lineItemSourcedId", item)
        of = classes.of.get(final.get(item, ""))
        person = people.numbers.get(user)
        state = statuses[status]
        if isinstance(state, BadValue):
            records.refuse_value(line, row, state, "scoreStatus", status)
            continue
        if (
            of is None
            or person is None
            or people.state[person] != STUDENT
            or gone
            or state not in {None, "fully graded"}
        ):
            others += 1
            continue
        mark = mark_of[text or score]
        if isinstance(mark, BadValue):
            records.note(
                line, "mark_not_kept", _("A final mark longer than 5 characters; not kept"), "score", text or score
            )
        elif mark is not None:
            marks.add(person, of.record, mark)
    if several := marks.close():
        note = ngettext(
            "%(n)d course record has several different final marks in the gradebook; none was taken.",
            "%(n)d course records have several different final marks in the gradebook; none was taken.",
            several,
        )
        bundle.note(note % {"n": several})
    if others:
        note = ngettext(
            "%(n)d result of the gradebook was not kept: only final grades of courses are.",
            "%(n)d results of the gradebook were not kept: only final grades of courses are.",
            others,
        )
        bundle.note(note % {"n": others})
    return marks


def _mark(cell: str) -> str | None:
    """A mark as it stands in a record: ``92.5000`` is 92.5."""
    if re.fullmatch(r"[0-9]+\.[0-9]+", cell):
        cell = cell.rstrip("0").rstrip(".")
    return targets.COURSE_RECORD.column("mark").parse(cell)


def _final_items(bundle: Bundle) -> tuple[dict[str, str], array[int]]:
    """Line items that hold final grades, with their class; and hashes of all line items, in order."""
    final: dict[str, str] = {}
    every = array("q")
    titles: dict[str, str] = {}
    if "categories" in bundle.files:
        rows = bundle.files["categories"].rows("sourcedId", "title")
        titles = {one: title for _line, _gone, (one, title), _row in rows}
    if "lineItems" in bundle.files:
        columns = ("sourcedId", "title", "classSourcedId", "categorySourcedId")
        for _line, gone, (one, title, of, category), _row in bundle.files["lineItems"].rows(*columns):
            every.append(hash(one))
            if not gone and is_final(title, titles.get(category, "")):
                final[one] = of
    return final, array("q", np.sort(np.frombuffer(every, np.int64)).tobytes()) if every else every


def _holds(ordered: array[int], one: str) -> bool:
    number = hash(one)
    at = bisect_left(ordered, number)
    return at < len(ordered) and ordered[at] == number
