"""Since when students are known to be at a school: OneRoster has no spells, and must not begin a second one.

The first class of a bundle begins later as soon as an export leaves out the classes that are over, and a delta has
only the classes that changed. Where a student's enrollment at the school is open, its entry date stays.
"""

from __future__ import annotations

from collections.abc import Collection

from schools.imports.oneroster.orgs import district_of
from schools.imports.registry import Reading
from schools.models import Enrollment
from schools.models.student import IdentifierSystem


class Known:
    """Open enrollments of the year at the bundle's schools, asked for by the district's student numbers."""

    def __init__(self, reading: Reading, schools: Collection[str]) -> None:
        self._open = Enrollment.objects.filter(
            organization_id__in=sorted({int(school) for school in schools}), year=int(reading.year), exited=None
        )
        # A district gives the numbers; a school right below its state gives its own.
        self._giver = district_of(reading.organization) or reading.organization
        self._any = self._open.exists()

    def entered(self, numbers: Collection[str]) -> dict[tuple[str, str], str]:
        """Entry dates of open enrollments by student number and school."""
        if not self._any or not numbers:
            return {}
        rows = self._open.filter(
            student__identifiers__system=IdentifierSystem.LOCAL,
            student__identifiers__ends=None,
            student__identifiers__organization=self._giver,
            student__identifiers__value__in=list(numbers),
        ).values_list("student__identifiers__value", "organization_id", "entered")
        return {(number, str(school)): entered.isoformat() for number, school, entered in rows.order_by("-entered")}
