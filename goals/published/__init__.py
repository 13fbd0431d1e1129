"""Published results: the files in which states and the federal government report what districts cannot compute.

Each publication is a description (``kentucky``, ``texas`` …) in the terms of ``maps``; ``read`` is the one reader of
all; ``masks`` says what hidden numbers become.
"""

from __future__ import annotations

from functools import partial

from goals.published.federal import FEDERAL
from goals.published.georgia import GEORGIA
from goals.published.kentucky import KENTUCKY
from goals.published.maps import Publication
from goals.published.north_carolina import NORTH_CAROLINA
from goals.published.read import Reader
from goals.published.target import REPORTED_RESULT
from goals.published.texas import TEXAS
from hstw.access import Action
from schools.imports import registry
from schools.imports.read.table import Contents
from schools.models.imports import Completeness

PUBLICATIONS = (KENTUCKY, NORTH_CAROLINA, TEXAS, GEORGIA, FEDERAL)
# How sure detection is: every heading that is needed is there, and no other kind of file has them.
SURE = 90


def _detects(publication: Publication, contents: Contents) -> int:
    return SURE if any(publication.sheet(headings) for headings in contents.tables.values()) else 0


def _read(publication: Publication, reading: registry.Reading) -> None:
    Reader(publication, reading).read()


def layout(publication: Publication) -> registry.Layout:
    """The layout of a publication.

    All of them add: publishers split a year's results by level, by subject, and often by release, so that what a
    file does not have may stand in the next one, and nothing is gone because it is not there.
    """
    return registry.Layout(
        code=publication.code,
        title=publication.title,
        source=publication.source,
        completeness=Completeness.ADDS,
        targets=(REPORTED_RESULT.code,),
        detects=partial(_detects, publication),
        read=partial(_read, publication),
        needs=Action.IMPORT_PUBLISHED,
        kinds=publication.kinds,
        finds=publication.finds,
        help=publication.help,
        year_means=publication.year_means,
    )


def register() -> None:
    """Make the target and the layouts known; once, when the app is ready."""
    registry.register_target(REPORTED_RESULT)
    registry.register(*map(layout, PUBLICATIONS))
