"""What a figure means, in words: one text for the page, its print and the codebook of its files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from goals.evidence import Source
from goals.models import Measure
from goals.models.measure import Basis, Direction
from goals.models.reported import Mask
from goals.readiness.expressions import Line
from goals.readiness.rules import Rules
from goals.reported import Published
from hstw.values import SchoolYear
from schools.models import ImportBatch, YearClose


@dataclass(frozen=True)
class Entry:
    """One line: a term and what is said of it. ``note`` is smaller; ``rule`` is the condition behind it.

    ``older``: of a year before the one that is shown.
    """

    term: str
    text: str
    note: str = ""
    rule: Line | None = None
    batch: ImportBatch | None = None
    older: bool = False

    @property
    def whole(self) -> str:
        """All of it as one text, conditions included: what a cell of a codebook says."""
        parts = [self.text, *([in_words(self.rule)] if self.rule is not None else []), self.note]
        return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts if part)


@dataclass(frozen=True)
class Section:
    """Entries that belong together, with the heading they stand under."""

    key: str
    title: str
    entries: list[Entry] = field(default_factory=list)

    @property
    def older(self) -> list[Entry]:
        """Those of the years before."""
        return [one for one in self.entries if one.older]


def of_computed(
    measure: Measure,
    *,
    counted: Line | None,
    met: Line | None,
    rules: Rules | None,
    sources: Sequence[tuple[SchoolYear, Sequence[Source]]],
    minimum: int,
    size: str = "",
    without_roster: str = "",
    closed: YearClose | None = None,
    certified_rules: str = "",
    today: dt.date | None = None,
) -> list[Section]:
    """Everything a computed figure needs to be understood.

    ``without_roster`` are the earlier years of its class, in words, of which no roster is loaded;
    ``size`` is the size of the group as far as the reader may know it; ``closed`` the closing under which the figure
    is certified, ``certified_rules`` the rule set it was certified by.
    """
    entries = [
        Entry(_("Definition"), measure.definition),
        Entry(_("Who"), measure.population),
        Entry(_("Of"), measure.denominator, rule=counted),
    ]
    if met is not None:
        entries.append(Entry(_("Counted as reached"), "", rule=met))
    if rules is not None:
        entries += by_rule(rules)
    if closed is not None:
        text = _("%(year)s was closed on %(day)s. Certified figures stay; what is counted later is shown as revised.")
        about = {"year": closed.school_year.label, "day": _day(localdate(closed.closed_at))}
        rule = _("Certified by the rule set %(code)s.") % {"code": certified_rules} if certified_rules else ""
        entries.append(Entry(_("Certified"), text % about, " ".join(filter(None, [rule, closed.note]))))
    entries.append(Entry(_("Left out"), left_out(measure)))
    if without_roster:
        text = _(
            "No roster of %(years)s is loaded: students who left the class then are not in it, so that its rate can "
            "come out too high."
        )
        entries.append(Entry(_("Not known"), text % {"years": without_roster}))
    if size:
        entries.append(Entry(_("Students behind it"), size))
    entries += [
        Entry(
            _("Groups shown"),
            _(
                "Groups of at least %(minimum)s students; further groups are withheld where they would give away a "
                "small one. Those who answer for these students see all groups exactly, marked “do not share”."
            )
            % {"minimum": minimum},
        ),
        Entry(_("Source of the definition"), measure.source),
    ]
    return [reading(measure), Section("counted", _("How it is counted"), entries), files(sources, today)]


def by_rule(rules: Rules) -> list[Entry]:
    """The rule that decides a figure, over whom, and what of it no evidence can tell."""
    about = {"name": rules.name, "code": rules.code}
    about |= {"first": _year(rules.first_year), "last": _year(rules.last_year)}
    if rules.first_year and rules.last_year:
        said = _("%(name)s, version %(code)s, %(first)s to %(last)s")
    elif rules.first_year:
        said = _("%(name)s, version %(code)s, from %(first)s on")
    elif rules.last_year:
        said = _("%(name)s, version %(code)s, to %(last)s")
    else:
        said = _("%(name)s, version %(code)s")
    unchecked = "" if rules.verified else _("not checked against a published source")
    entries = [Entry(_("Rule in force"), said % about, " · ".join(filter(None, [rules.source, unchecked])))]
    if rules.text:
        entries.append(Entry(_("What the source says, and how it is read"), rules.text))
    entries.append(Entry(_("Taken over"), rules.of_whom[:1].upper() + rules.of_whom[1:]))
    return entries + [Entry(_("Named by the rule, not evaluated"), what, why) for what, why in rules.not_evaluated]


def _year(year: int | None) -> str:
    return "" if year is None else SchoolYear(year).label


def of_published(measure: Measure, shown: Published | None, today: dt.date | None = None) -> list[Section]:
    """Everything a published figure needs to be understood."""
    entries = [
        Entry(_("Definition"), measure.definition),
        Entry(_("Who"), measure.population),
        Entry(_("Of"), measure.denominator),
        Entry(_("Source of the definition"), measure.source),
        Entry(
            _("Masked figures"),
            _("Where the publisher hides a number, its own words are kept: an interval or a mask, never a value."),
        ),
    ]
    found = []
    if shown is not None:
        found.append(Entry(_("Published by"), shown.authority))
        if shown.result.publisher_year:
            found.append(Entry(_("Year as published"), shown.result.publisher_year))
        if shown.batch is not None:
            found.append(Entry(_("File"), shown.batch.source, loaded(shown.batch, None, today), batch=shown.batch))
    return [
        reading(measure),
        Section("counted", _("How it is counted"), [one for one in entries if one.text]),
        Section("sources", _("Where it comes from"), found),
    ]


def reading(measure: Measure) -> Section:
    """How to read a figure of the measure, and how it is commonly misread."""
    better = {
        Direction.HIGHER: _("Higher is better."),
        Direction.LOWER: _("Lower is better."),
    }.get(Direction(measure.direction), _("Neither higher nor lower is better in itself."))
    entries = [Entry(_("How to read it"), " ".join(filter(None, [measure.how_to_read, better])))]
    if measure.misreading:
        entries.append(Entry(_("A common misreading"), measure.misreading))
    return Section("reading", _("How to read it"), entries)


def left_out(measure: Measure) -> str:
    """Whom the measure does not count."""
    if measure.basis == Basis.CLASS:
        return _(
            "Students removed from the class with a document: transfers out, emigration, death. Without the document "
            "they stay in it."
        )
    if measure.basis == Basis.SENIOR:
        return _("Students not in grade 12 who left without a diploma, and those who moved away.")
    if measure.basis == Basis.LEAVER:
        return _("Students who left without a regular or state-defined alternate diploma.")
    return _("Whoever is not named above. A student of two schools counts once for the district.")


def files(sources: Sequence[tuple[SchoolYear, Sequence[Source]]], today: dt.date | None = None) -> Section:
    """From which files it comes, how old they are, and how far they reach."""
    entries = []
    latest = [one for _year, found in sources[:1] for one in found]
    dated = [one.batch.loaded_at for one in latest if one.batch is not None]
    if dated:
        reached = min((one.through for one in latest if one.through), default=None)
        entries.append(Entry(_("Age of the data"), age(max(dated), reached, today)))
    for place, (year, found) in enumerate(sources):
        for one in found:
            term = _("%(kind)s, %(year)s") % {"kind": one.label, "year": year.label}
            if one.batch is None:
                text = _("typed in or set up here")
                if one.through:
                    text = _("%(what)s, through %(day)s") % {"what": text, "day": _day(one.through)}
                entries.append(Entry(term, text, older=place > 0))
            else:
                said = loaded(one.batch, one.through, today)
                entries.append(Entry(term, one.batch.source, said, batch=one.batch, older=place > 0))
    return Section("sources", _("From which files"), entries)


def age(when: dt.datetime, through: dt.date | None, today: dt.date | None = None) -> str:
    """“loaded 12 days ago, through March 3, 2026”."""
    days = ((today or localdate()) - localdate(when)).days
    said = _("loaded today") if days <= 0 else ngettext("loaded %(n)s day ago", "loaded %(n)s days ago", days)
    said = said % {"n": f"{days:,}"} if days > 0 else said
    return _("%(loaded)s, through %(day)s") % {"loaded": said, "day": _day(through)} if through else said


def loaded(batch: ImportBatch, through: dt.date | None, today: dt.date | None = None) -> str:
    """The day a file was loaded, how long ago that is, and the day it reaches to."""
    return _("%(age)s (%(day)s)") % {
        "age": age(batch.loaded_at, through, today),
        "day": _day(localdate(batch.loaded_at)),
    }


def in_words(line: Line) -> str:
    """A condition and those below it as one text: ``all of (a ≥ 5; any of (b; c))``."""
    if line.op == "fact":
        return f"{line.label} {line.wanted}".strip()
    joined = "; ".join(in_words(below) for below in line.below)
    how = {"all": _("all of"), "any": _("any of"), "not": _("not")}.get(line.op) or _("at least %(n)s of") % {
        "n": line.n
    }
    return f"{line.label}: {how} ({joined})" if line.label else f"{how} ({joined})"


def states() -> list[Entry]:
    """What each state of a value in a file means."""
    return [
        Entry(_("Shown"), _("The figure, as a number.")),
        Entry(_("At or near the top"), _("Coded, for example “≥ 95 %”: the figure lies there or above.")),
        Entry(_("At or near the bottom"), _("Coded, for example “≤ 5 %”: the figure lies there or below.")),
        Entry(_("Too few students"), _("The group is smaller than the smallest that is shown.")),
        Entry(
            _("Withheld to protect another group"),
            _("The group may be large; its figure would give away that of a small one."),
        ),
        Entry(_("Not reported"), _("What it is counted from is not loaded, or it is not known yet. It is not zero.")),
        Entry(_("Does not apply"), _("There is nobody of whom it could be counted, or it is another state's.")),
    ]


def masks(used: Iterable[str]) -> list[Entry]:
    """The words in which publishers hide a number, of those that a file has."""
    return [Entry(str(Mask(one).label), _("The publisher's own mask.")) for one in sorted(set(used)) if one]


def _day(day: dt.date) -> str:
    return date_format(day, "F j, Y")
