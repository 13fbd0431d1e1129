"""Turns what a layout file says into a :class:`FileMap`, refusing what it does not understand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, cast

from schools.imports import registry, targets
from schools.imports.mapping.cells import parser
from schools.imports.mapping.derive import FUNCTIONS, NEEDS
from schools.imports.mapping.spec import ColumnMap, FileMap, RowMap, SchoolMap, YearMap
from schools.imports.targets import Column
from schools.imports.values import BadValue
from schools.models.imports import Completeness
from schools.models.organization import Kind

_TOP = {
    "code", "title", "source", "completeness", "priority", "template", "help", "year_means", "missing", "kinds",
    "detect", "student", "school", "year", "codes", "rows",
}  # fmt: skip
_COLUMN = {
    "column", "value", "derive", "columns", "missing", "default", "digits", "strip", "dates", "on", "map", "codes",
    "others", "or_else",
}  # fmt: skip
_ROWS = {"target", "columns", "own_columns", "except", "skip_if_blank", "where", "unless", "each", "numbered"}
_STUDENT = {column.name: column for column in targets.ABOUT_STUDENT}


class LayoutError(ValueError):
    """A layout file that cannot be used: which, where in it, and why."""


class Checker:
    """Turns what a file says into values, refusing what it does not understand."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.missing: frozenset[str] = frozenset()
        self.codes: Mapping[str, Mapping[str, str]] = {}

    def fail(self, where: str, why: str) -> LayoutError:
        return LayoutError(f"{self.name}: {where}: {why}" if where else f"{self.name}: {why}")

    def keys(self, said: Any, allowed: Iterable[str], where: str, needed: Iterable[str] = ()) -> Mapping[str, Any]:
        if not isinstance(said, Mapping):
            raise self.fail(where, f"a table was expected, not {said!r}")
        if unknown := sorted(set(said) - set(allowed)):
            raise self.fail(where, f"unknown: {', '.join(unknown)}; known: {', '.join(sorted(allowed))}")
        if lacking := sorted(set(needed) - set(said)):
            raise self.fail(where, f"missing: {', '.join(lacking)}")
        return said

    def text(self, said: Mapping[str, Any], key: str, where: str, default: str = "") -> str:
        value = said.get(key, default)
        if not isinstance(value, str):
            raise self.fail(where, f"{key} is text, not {value!r}")
        return value

    def texts(self, value: Any, where: str) -> tuple[str, ...]:
        """One text, or several."""
        found = (value,) if isinstance(value, str) else value
        if not isinstance(found, list | tuple) or not all(isinstance(text, str) for text in found):
            raise self.fail(where, f"text or a list of texts was expected, not {value!r}")
        return tuple(found)

    def number(self, said: Mapping[str, Any], key: str, where: str, default: int = 0) -> int:
        value = said.get(key, default)
        if not isinstance(value, int) or value < 0:
            raise self.fail(where, f"{key} is a number, not {value!r}")
        return value

    def one_of(self, value: Any, choices: Iterable[str], where: str) -> str:
        if value not in (known := list(choices)):
            raise self.fail(where, f"{value!r} is none of {', '.join(known)}")
        return str(value)

    def file(self, said: Mapping[str, Any]) -> tuple[FileMap, frozenset[str]]:
        needed = ("code", "title", "source", "completeness", "detect", "rows", "year")
        said = self.keys(said, _TOP, "", needed)
        self.missing = frozenset(self.texts(said.get("missing", ()), "missing"))
        self.codes = {
            name: self.mapping(codes, f"codes.{name}") for name, codes in self.mapping_of(said, "codes").items()
        }
        detect = self.keys(said["detect"], ("all", "any", "none"), "detect", ("all",))
        all_of, any_of = self.texts(detect["all"], "detect.all"), self.texts(detect.get("any", ()), "detect.any")
        if not (all_of or any_of):
            raise self.fail("detect", "at least one heading")
        kinds = frozenset(
            self.one_of(kind, Kind.values, "kinds")
            for kind in self.texts(said.get("kinds", ("district", "school")), "kinds")
        )
        year = self.keys(said["year"], ("column", "date"), "year")
        rows = tuple(self.all_rows(said["rows"], self.text(year, "date", "year")))
        spec = FileMap(
            code=self.text(said, "code", ""),
            title=self.text(said, "title", ""),
            source=self.text(said, "source", ""),
            completeness=Completeness(self.one_of(said["completeness"], Completeness.values, "completeness")),
            rows=rows,
            all_of=all_of,
            any_of=any_of,
            none_of=self.texts(detect.get("none", ()), "detect.none"),
            priority=self.number(said, "priority", "", 50),
            template=bool(said.get("template", False)),
            student=tuple(
                self.column(_STUDENT[name], value, f"student.{name}")
                for name, value in self.keys(said.get("student", {}), _STUDENT, "student").items()
            ),
            school=self.school(said.get("school")),
            year=YearMap(self.texts(year.get("column", ()), "year.column"), self.text(year, "date", "year")),
            help=self.text(said, "help", ""),
            year_means=self.text(said, "year_means", ""),
        )
        if not spec.code or len(spec.code) > 40:
            raise self.fail("code", "between 1 and 40 characters")
        if not spec.student and any(row.target.about_student for row in rows):
            raise self.fail("student", "rows about students need a column with a number of theirs")
        return spec, kinds

    def mapping_of(self, said: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        value = said.get(key, {})
        if not isinstance(value, Mapping):
            raise self.fail(key, f"a table was expected, not {value!r}")
        return value

    def mapping(self, value: Any, where: str) -> dict[str, str]:
        """Texts by text, capitals aside."""
        if not isinstance(value, Mapping) or not all(isinstance(text, str) for text in value.values()):
            raise self.fail(where, "a table of texts was expected")
        folded = [key.casefold() for key in value]
        if twice := {key for key in folded if folded.count(key) > 1}:
            raise self.fail(where, f"twice, but for capitals: {', '.join(sorted(twice))}")
        return dict(value)

    def school(self, said: Any) -> SchoolMap | None:
        if said is None:
            return None
        said = self.keys(said, ("column", "blank", "unknown"), "school", ("column",))
        ways = ("refuse", "student")
        return SchoolMap(
            self.texts(said["column"], "school.column"),
            cast(Any, self.one_of(said.get("blank", "student"), ways, "school.blank")),
            cast(Any, self.one_of(said.get("unknown", "refuse"), ways, "school.unknown")),
        )

    def all_rows(self, said: Any, date: str) -> Iterable[RowMap]:
        if not isinstance(said, list) or not said:
            raise self.fail("rows", "at least one [[rows]]")
        for number, block in enumerate(said, 1):
            where = f"rows {number}"
            block = self.keys(block, _ROWS, where, ("target",))
            for values in self.repeated(block, where):
                yield self.rows(_filled(block, values), where, date)

    def repeated(self, block: Mapping[str, Any], where: str) -> Iterable[dict[str, str]]:
        """The values of ``{…}`` in a block, once for each time that it stands."""
        each = block.get("each", [{}])
        if not isinstance(each, list) or not all(
            isinstance(values, Mapping) and all(isinstance(text, str) for text in values.values()) for values in each
        ):
            raise self.fail(f"{where}.each", "a list of tables of texts")
        numbers: list[dict[str, str]] = [{}]
        if "numbered" in block:
            said = self.keys(block["numbered"], ("from", "to", "digits"), f"{where}.numbered", ("from", "to"))
            first, last = (self.number(said, key, f"{where}.numbered") for key in ("from", "to"))
            width = self.number(said, "digits", f"{where}.numbered", 1)
            numbers = [{"n": f"{n:0{width}d}"} for n in range(first, last + 1)]
        for values in each:
            for number in numbers:
                yield {**values, **number}

    def rows(self, block: Mapping[str, Any], where: str, date: str) -> RowMap:
        try:
            target = registry.target(block["target"])
        except KeyError:
            raise self.fail(f"{where}.target", f"no target is called {block['target']!r}") from None
        where = f"{where} ({target.code})"
        known = {column.name: column for column in target.columns}
        said = dict(self.mapping_of(block, "columns"))
        if block.get("own_columns"):
            left_out = set(self.names(block.get("except", ()), known, f"{where}.except"))
            said = {name: said.get(name, {}) for name in known if name not in left_out} | said
            said = {
                name: value if isinstance(value, str) or set(value) & {"column", "value", "derive"}
                else {**value, "column": name}
                for name, value in said.items()
            }  # fmt: skip
        self.names(said, known, f"{where}.columns")
        columns = tuple(self.column(known[name], value, f"{where}.columns.{name}") for name, value in said.items())
        for column in columns:
            self.names(column.or_else, said, f"{where}.columns.{column.name}.or_else")
        if lacking := [c.name for c in target.columns if c.required and c.name not in said]:
            raise self.fail(f"{where}.columns", f"the target needs {', '.join(lacking)}")
        if date and not (known.get(date) and known[date].pg == "date" and date in said):
            raise self.fail("year.date", f"{where} has no date {date}")
        return RowMap(
            target,
            columns,
            self.names(block.get("skip_if_blank", ()), said, f"{where}.skip_if_blank"),
            self.conditions(block.get("where", {}), f"{where}.where"),
            self.conditions(block.get("unless", {}), f"{where}.unless"),
        )

    def names(self, value: Any, known: Iterable[str], where: str) -> tuple[str, ...]:
        found = tuple(value) if isinstance(value, Mapping) else self.texts(value, where)
        if unknown := [name for name in found if name not in known]:
            raise self.fail(where, f"no column is called {', '.join(unknown)}; there are: {', '.join(known)}")
        return found

    def conditions(self, value: Any, where: str) -> dict[str, frozenset[str]]:
        if not isinstance(value, Mapping):
            raise self.fail(where, "headings with lists of texts")
        return {
            heading: frozenset(text.casefold() for text in self.texts(texts, f"{where}.{heading}"))
            for heading, texts in value.items()
        }

    def column(self, column: Column, said: Any, where: str) -> ColumnMap:
        if isinstance(said, str | list):
            said = {"column": said}
        said = self.keys(said, _COLUMN, where)
        if len({"column", "value", "derive"} & set(said)) != 1:
            raise self.fail(where, "one of column, value and derive")
        if "derive" in said:
            name = said["derive"]
            if name not in FUNCTIONS:
                raise self.fail(where, f"no function is called {name!r}; there are: {', '.join(FUNCTIONS)}")
            options = dict(self.mapping_of(said, "map"))
            if lacking := NEEDS.get(name, frozenset()) - set(options):
                raise self.fail(where, f"{name} needs map.{', map.'.join(sorted(lacking))}")
            inputs = self.texts(said.get("columns", ()), f"{where}.columns")
            return ColumnMap(column.name, derive=name, inputs=inputs, options=options, missing=self.missing)
        texts = None
        if "codes" in said:
            if said["codes"] not in self.codes:
                raise self.fail(where, f"no code list is called {said['codes']!r}")
            texts = self.codes[said["codes"]]
        elif "map" in said:
            texts = self.mapping(said["map"], f"{where}.map")
        mapped = ColumnMap(
            column.name,
            headings=self.texts(said.get("column", ()), where),
            value=said.get("value"),
            missing=self.missing | frozenset(self.texts(said.get("missing", ()), f"{where}.missing")),
            default=said.get("default"),
            digits=self.number(said, "digits", where),
            strip=self.text(said, "strip", where),
            dates=self.texts(said.get("dates", ()), f"{where}.dates"),
            on=self.text(said, "on", where),
            map=texts,
            others=cast(Any, self.one_of(said.get("others", "refuse"), ("refuse", "keep", "blank"), where)),
            or_else=self.texts(said.get("or_else", ()), f"{where}.or_else"),
        )
        self.check_values(column, mapped, where)
        return mapped

    def check_values(self, column: Column, mapped: ColumnMap, where: str) -> None:
        """Every text that the layout itself gives is one that the target takes; dates and their patterns make sense."""
        if (mapped.dates or mapped.on) and column.pg != "date":
            raise self.fail(where, f"{column.name} is no date")
        for pattern in mapped.dates:
            day = dt.date(2024, 7, 1)
            try:
                again = dt.datetime.strptime(day.strftime(pattern), pattern).date()
            except ValueError:
                again = None
            if again is None or again.year != day.year or again.month != day.month:
                raise self.fail(where, f"the date format {pattern!r} does not give a year and a month")
        try:
            if mapped.on:
                dt.date.fromisoformat(f"2023-{mapped.on}")
            for text in (*(mapped.map or {}).values(), mapped.value, mapped.default):
                if text:
                    column.parse(text)
            parser(mapped, column.parse)
        except (BadValue, ValueError, TypeError) as error:
            why = error.text if isinstance(error, BadValue) else error
            raise self.fail(where, f"a value that {column.name} does not take: {why}") from None


def _filled(value: Any, by: Mapping[str, str]) -> Any:
    """The same with each ``{name}`` in its texts replaced."""
    if isinstance(value, str):
        for name, text in by.items():
            value = value.replace("{" + name + "}", text)
        return value
    if isinstance(value, list):
        return [_filled(one, by) for one in value]
    if isinstance(value, dict):
        return {_filled(key, by): _filled(one, by) for key, one in value.items()}
    return value
