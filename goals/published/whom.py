"""Whom a row of a publication is about: an organization at or below the one that the file is loaded for."""

from __future__ import annotations

from django.utils.translation import gettext as _

from goals.published.maps import Publication
from schools.directory.states import STATES_BY_FIPS, STATES_BY_POSTAL
from schools.imports.problems import FileRefused
from schools.imports.registry import Reading
from schools.imports.values import BadValue, Identifier, Memo
from schools.models import Organization
from schools.models.organization import Kind

BEYOND = "beyond"


def _fips(state: Organization) -> str:
    """The federal number of a state of our tree; blank where it cannot be told."""
    if state.nces_id:
        return state.nces_id
    if state.postal_state in STATES_BY_POSTAL:
        return STATES_BY_POSTAL[state.postal_state].fips
    return next((one.fips for one in STATES_BY_FIPS.values() if one.name == state.name), "")


class Whom:
    """Finds organizations by what a publication writes for them.

    ``whom[text]`` is the key as text, :data:`BEYOND` for what lies outside, or the
    :class:`~schools.imports.values.BadValue` to report. Raises
    :class:`~schools.imports.problems.FileRefused` where the file is another state's: its numbers of districts and
    schools would be found here all the same, and be somebody else's.
    """

    def __init__(self, publication: Publication, reading: Reading) -> None:
        self.publication, self.reading = publication, reading
        here = reading.organization
        states = Organization.objects.filter(path__startswith=here.path, kind=Kind.STATE)
        self.fips = {_fips(state) for state in states}
        if publication.state:
            expected = STATES_BY_POSTAL[publication.state]
            if here.kind != Kind.STATE or _fips(here) != expected.fips:
                raise FileRefused(
                    _("This file is about %(state)s, not about %(organization)s.")
                    % {"state": expected.name, "organization": here.name},
                    _("Load it for %(state)s.") % {"state": expected.name},
                )
        cooperatives = Organization.objects.filter(path__startswith=here.path, kind=Kind.COOPERATIVE)
        self._cooperatives: dict[str, int] = {}
        for pk, name, state_id in cooperatives.values_list("pk", "name", "state_id"):
            self._cooperatives |= {text.casefold(): pk for text in (name, state_id) if text}
        self._identifier = Identifier(200)
        self._known = Memo(self._find)

    def __getitem__(self, text: str) -> str | BadValue:
        found: str | BadValue = self._known[text]
        return found

    @property
    def state(self) -> str:
        """The state itself."""
        return str(self.reading.organization.pk)

    def _find(self, text: str) -> str:
        # Texas writes an apostrophe before its numbers, so that spreadsheets keep the zeros.
        code = self._identifier(text.lstrip("'")) or ""
        if not code:
            raise BadValue("no_organization", _("Does not say whom it is about"), _("Use the file as published."))
        if code in self.publication.beyond:
            return BEYOND
        if code in self.publication.whole_state:
            return self.state
        if (cooperative := self._cooperative(code)) is not None:
            return cooperative
        found = self.reading.places.find(code)
        if found is None:
            raise BadValue(
                "unknown_organization",
                _("No such organization in %(organization)s") % {"organization": self.reading.organization.name},
                _("Load the directory of that year first, or add the organization; then load the file again."),
            )
        return str(found)

    def _cooperative(self, code: str) -> str | None:
        """An overlapping aggregate: the one of the directory, or a new one, planned once."""
        listed = self.publication.cooperatives
        if not listed:
            return None
        width = max(map(len, listed))
        about = listed.get(code.zfill(width))
        if about is None:
            return None
        for text in (about.state_id, about.name, *about.aliases):
            if (pk := self._cooperatives.get(text.casefold())) is not None:
                return str(pk)
        pk = self.reading.places.add(about.name, state_id=about.state_id, kind=Kind.COOPERATIVE)
        self._cooperatives[about.state_id.casefold()] = pk
        return str(pk)
