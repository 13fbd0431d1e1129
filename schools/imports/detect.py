"""Which kind of file this is: the layout that is surest; where none or several claim it, the person is asked."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from schools.directory import LAYOUTS as DIRECTORIES
from schools.imports import registry
from schools.imports.problems import FileRefused
from schools.imports.read.table import Contents
from schools.imports.registry import Layout
from schools.imports.values import bare

SHOWN_HEADINGS = 12
# So many headings in common make a kind worth naming.
ALIKE = 2


def detect(contents: Contents, kind: str | None = None) -> Layout:
    """The layout of a file; ``kind`` is the code of the one that the person says it is.

    Raises :class:`~schools.imports.problems.FileRefused` where no layout knows the file, several are equally sure,
    the one that was named does not know it, or the kind is recognized and not read yet.
    """
    answers = [(layout.detects(contents), layout) for layout in registry.layouts()]
    sure = max((answer for answer, _layout in answers), default=0)
    best = [layout for answer, layout in answers if answer == sure and answer > 0]
    if kind is not None:
        chosen = _named(kind, contents, best)
    elif not best:
        raise _unknown(contents)
    elif len(best) > 1:
        raise FileRefused(
            _("The file could be of several kinds: %(kinds)s.") % {"kinds": _titles(best)},
            _("Choose the kind of file, and load it again."),
        )
    else:
        chosen = best[0]
    if chosen.refuses:
        raise FileRefused(chosen.refuses)
    return chosen


def _named(kind: str, contents: Contents, best: Sequence[Layout]) -> Layout:
    try:
        chosen = registry.layout(kind)
    except KeyError:
        known = ", ".join(layout.code for layout in registry.layouts())
        raise FileRefused(
            _("There is no kind of file %(kind)s.") % {"kind": kind}, _("Choose one of: %(known)s.") % {"known": known}
        ) from None
    if chosen.detects(contents) > 0:
        return chosen
    if best:
        advice = _("It looks like: %(kinds)s. Choose that kind, or check whether it is the file you meant.")
        advice %= {"kinds": _titles(best)}
    else:
        advice = _("Check whether it is the file you meant. It has these headings: %(headings)s.")
        advice %= {"headings": _headings(contents)}
    raise FileRefused(_("The file does not look like: %(kind)s.") % {"kind": chosen.title}, advice)


def _unknown(contents: Contents) -> FileRefused:
    if contents.tables:
        text = _("No kind of file has these headings: %(headings)s.") % {"headings": _headings(contents)}
        if directory := _directory(contents):
            return FileRefused(
                _("This is a directory of schools or districts: %(title)s.") % {"title": directory},
                _("It is loaded by an administrator of the site, with the command import_directory."),
            )
    else:
        text = _("There is no table in the file; it holds: %(names)s.") % {
            "names": ", ".join(sorted(contents.others)[:SHOWN_HEADINGS])
        }
    advice = _("Choose one of our templates under Data, fill it in, and load that.")
    if closest := _closest(contents):
        advice = _("The closest is: %(kind)s.") % {"kind": closest.title} + " " + advice
    return FileRefused(text, advice)


def _directory(contents: Contents) -> str:
    """The title of the directory that one of the tables is, if any; directories are loaded another way."""
    found = [set(headings) for headings in contents.tables.values()]
    return next((one.title for one in DIRECTORIES.values() if any(set(one.headings) <= there for there in found)), "")


def _closest(contents: Contents) -> Layout | None:
    """The layout whose targets' columns, by name or label, are most like the headings; our own templates first."""
    headings = {bare(heading) for headings in contents.tables.values() for heading in headings}
    best, most = None, ALIKE - 1
    for layout in registry.layouts():
        known: set[str] = set()
        for code in layout.targets:
            for column in registry.target(code).columns:
                known |= {bare(column.name), bare(str(column.label))}
        if (alike := len(known & headings)) > most:
            best, most = layout, alike
    return best


def _headings(contents: Contents) -> str:
    """The first headings found, table by table."""
    found = [heading for headings in contents.tables.values() for heading in headings]
    shown = ", ".join(found[:SHOWN_HEADINGS])
    return f"{shown} …" if len(found) > SHOWN_HEADINGS else shown or _("none")


def _titles(layouts: Sequence[Layout]) -> str:
    return ", ".join(str(layout.title) for layout in layouts)
