"""Which organization a file means: by NCES id, state id, or name, within what the import may write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from schools.imports.values import BadValue, Identifier, clean
from schools.models import Organization
from schools.models.organization import Kind


@dataclass(frozen=True)
class NewSchool:
    """A school that the file has and the directory has not: made when the import is applied.

    ``kind`` is a cooperative's where published results name one that is missing; it goes below its state.
    """

    id: int
    name: str
    nces_id: str = ""
    state_id: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    kind: str = Kind.SCHOOL


class Places:
    """Finds organizations at or below the one that a file is loaded for; ``kinds`` says which sorts.

    Ids match as text. One that lost its leading zeros in a spreadsheet still matches where only one organization
    can be meant; :attr:`repaired` counts those, so that the preview can say so.
    """

    def __init__(self, organization: Organization, kinds: Iterable[str] = (Kind.SCHOOL,)) -> None:
        self.organization = organization
        self.new: list[NewSchool] = []
        self.repaired = 0
        self._identifier = Identifier(200)
        self._exact: dict[str, set[int]] = {}
        self._bare: dict[str, set[int]] = {}
        self.names: dict[int, str] = {}
        rows = Organization.objects.filter(path__startswith=organization.path, kind__in=list(kinds))
        for pk, name, nces_id, state_id in rows.values_list("pk", "name", "nces_id", "state_id"):
            self._learn(pk, name, nces_id, state_id)

    def _learn(self, pk: int, name: str, nces_id: str, state_id: str) -> None:
        self.names[pk] = name
        for text in (nces_id, state_id, name.casefold()):
            if text:
                self._exact.setdefault(text, set()).add(pk)
        for text in (nces_id, state_id):
            if text and text.lstrip("0") != text:
                self._bare.setdefault(text.lstrip("0"), set()).add(pk)

    def find(self, *texts: str) -> int | None:
        """The one organization that any of the texts names (ids first, then a name); ``None`` for none.

        Raises :class:`~schools.imports.values.BadValue` where a text names several.
        """
        for text in texts:
            text = clean(text)
            if not text:
                continue
            text = self._identifier(text) or ""
            found = self._exact.get(text) or self._exact.get(text.casefold())
            if found is None and text.isdigit():
                found = self._bare.get(text)
                self.repaired += found is not None and len(found) == 1
            if found is None:
                continue
            if len(found) > 1:
                raise BadValue(
                    "several_schools", _("Names more than one school"), _("Use the NCES id or the state id instead.")
                )
            return next(iter(found))
        return None

    def parse(self, cell: str) -> str | None:
        """As a cell's parser: the organization's key as text; a blank means the organization of the import itself,

        where that is a school.
        """
        if not cell:
            if self.organization.kind == Kind.SCHOOL:
                return str(self.organization.pk)
            raise BadValue(
                "no_school", _("No school"), _("Fill in the school's NCES id, state id or name on each row.")
            )
        found = self.find(cell)
        if found is None:
            raise BadValue(
                "unknown_school",
                _("No such school in %(organization)s") % {"organization": self.organization.name},
                _("Check the id, or add the school to the directory first."),
            )
        return str(found)

    def add(self, name: str, *, nces_id: str = "", state_id: str = "", kind: str = Kind.SCHOOL, **facts: Any) -> int:
        """Plan a new school below the district; its key is taken now, the row is made when the import is applied.

        With ``kind`` a cooperative is planned instead, below the state that the file is loaded for.
        """
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [Organization._meta.db_table])
            (pk,) = cursor.fetchone()
        self.new.append(NewSchool(pk, name, nces_id, state_id, facts, kind))
        self._learn(pk, name, nces_id, state_id)
        return int(pk)
