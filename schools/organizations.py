"""What can be done with an organization: add it, edit it, say who is above and below."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from schools.models import Enrollment, Organization
from schools.models.organization import PARENT_KINDS, Kind, OrganizationQuerySet, lineage, unused_slug


class OrganizationError(ValueError):
    """A change that the tree does not allow; the message is for the person."""


def kinds_below(organization: Organization) -> list[Kind]:
    """The kinds that may be added directly below."""
    return [kind for kind in Kind if organization.kind in PARENT_KINDS[kind]]


def by_any_id(text: str) -> Organization | None:
    """The one organization that has this address on the site, NCES id or state id; ``None`` for none or several."""
    found = list(
        Organization.objects.filter(Q(slug=text) | Q(nces_id=text) | Q(state_id=text)).select_related("in_state")[:2]
    )
    return found[0] if len(found) == 1 else None


@transaction.atomic
def add_organization(*, parent: Organization, kind: str, **facts: Any) -> Organization:
    """A new organization below ``parent``.

    Raises :class:`OrganizationError` where the tree has no such place.
    """
    if parent.kind not in PARENT_KINDS[kind]:
        raise OrganizationError(
            _("A %(kind)s does not stand below a %(parent)s.")
            % {"kind": Kind(kind).label.lower(), "parent": Kind(parent.kind).label.lower()}
        )
    # Two additions below one parent would both take the next path.
    parent = Organization.objects.select_for_update().get(pk=parent.pk)
    state = None
    if kind not in {Kind.REGION, Kind.STATE}:
        state = parent if parent.kind == Kind.STATE else parent.in_state
    facts.setdefault("slug", unused_slug(facts["name"], facts.get("postal_state", "")))
    facts.setdefault("postal_state", parent.postal_state)
    facts.setdefault("time_zone", parent.time_zone)
    organization = Organization(kind=kind, in_state=state, **facts)
    organization.full_clean(exclude=["path", "depth"])
    return Organization.objects.add_child(parent, instance=organization)


def ancestors(organization: Organization, user: Any) -> OrganizationQuerySet:
    """From the highest that ``user`` may see down to the organization above; one query."""
    return Organization.objects.visible_to(user).filter(path__in=lineage(organization.path)[:-1])


def with_parents(organizations: Iterable[Organization]) -> list[Organization]:
    """The same organizations, each with ``above`` set to the one it stands below; one query for all."""
    rows = list(organizations)
    step = Organization.steplen
    paths = {row.path[:-step] for row in rows if len(row.path) > step}
    above = {row.path: row for row in Organization.objects.filter(path__in=paths)} if paths else {}
    for row in rows:
        row.above = above.get(row.path[:-step])  # type: ignore[attr-defined]
    return rows


def count_below(organization: Organization) -> dict[str, int]:
    """How many open organizations of each kind stand below, the closed left out."""
    rows = (
        Organization.objects.filter(path__startswith=organization.path, closed=None)
        .exclude(pk=organization.pk)
        .order_by()
        .values("kind")
        .annotate(n=Count("pk"))
    )
    return {row["kind"]: row["n"] for row in rows}


def enrollment_by_grade(organization: Organization, year: int) -> list[tuple[str, int]]:
    """Students enrolled at any time of the school year, by grade, in the order of grades.

    For a school or a district; a student in two of a district's schools counts once in each grade.
    """
    order = {grade: place for place, grade in enumerate(["PK", "KG", *(f"{n:02d}" for n in range(1, 13))])}
    below = Organization.objects.filter(path__startswith=organization.path).order_by().values("pk")
    rows = (
        Enrollment.objects.filter(organization__in=below, year=year)
        .order_by()
        .values_list("grade")
        .annotate(n=Count("student", distinct=True))
    )
    return sorted(rows, key=lambda row: order[row[0]])


def missing_facts(organizations: OrganizationQuerySet) -> OrganizationQuerySet:
    """Open schools whose page lacks what comparison needs: design or grade span."""
    return organizations.filter(kind=Kind.SCHOOL, closed=None).filter(Q(design="") | Q(grade_low="") | Q(grade_high=""))
