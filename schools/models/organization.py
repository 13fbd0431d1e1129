"""Organizations: one tree from the region down to the school, cooperatives beside the districts."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQuery, SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from treebeard.mp_tree import MP_Node, MP_NodeManager, MP_NodeQuerySet

from hstw.access import Action, Scope, within
from hstw.history import tracked
from hstw.values import SchoolYear


class Kind(models.TextChoices):
    """What sort of organization; the order is the order of the tree."""

    REGION = "region", _("Region")
    STATE = "state", _("State")
    DISTRICT = "district", _("District")
    COOPERATIVE = "cooperative", _("Cooperative")
    SCHOOL = "school", _("School")


PARENT_KINDS: dict[str, frozenset[str]] = {
    Kind.REGION: frozenset(),
    Kind.STATE: frozenset({Kind.REGION}),
    Kind.DISTRICT: frozenset({Kind.STATE}),
    Kind.COOPERATIVE: frozenset({Kind.STATE}),
    Kind.SCHOOL: frozenset({Kind.DISTRICT, Kind.STATE}),
}


class Design(models.TextChoices):
    """SREB's school improvement designs (Making Schools Work)."""

    ELEMENTARY = "elementary", _("Elementary")
    MIDDLE = "middle", _("Middle grades")
    HIGH = "high", _("High school")
    TECHNOLOGY_CENTER = "technology_center", _("Technology center")


class Grade(models.TextChoices):
    """Grades as the federal directory writes them."""

    PK = "PK", _("Pre-K")
    KG = "KG", _("K")
    G01 = "01", "1"
    G02 = "02", "2"
    G03 = "03", "3"
    G04 = "04", "4"
    G05 = "05", "5"
    G06 = "06", "6"
    G07 = "07", "7"
    G08 = "08", "8"
    G09 = "09", "9"
    G10 = "10", "10"
    G11 = "11", "11"
    G12 = "12", "12"


class OrganizationQuerySet(MP_NodeQuerySet["Organization"]):
    """Organizations."""

    def visible_to(self, user: Any, action: Action = Action.VIEW_ORGANIZATION) -> Self:
        """Those to which ``user`` may do ``action``; none without a role."""
        return self.filter(within(user, action, "path"))

    def open_on(self, day: dt.date) -> Self:
        """Those that had opened and not yet closed."""
        return self.filter(Q(opened=None) | Q(opened__lte=day), Q(closed=None) | Q(closed__gt=day))

    def search(self, text: str) -> Self:
        """By name, id or place; every word must begin a word of the organization. Blank finds all."""
        words = ["".join(c for c in word if c.isalnum()) for word in text.replace("-", " ").split()]
        words = [word for word in words if word]
        if not words:
            return self
        query = " & ".join(f"{word}:*" for word in words)
        return self.filter(search=SearchQuery(query, config="simple", search_type="raw"))


_Nodes = MP_NodeManager.from_queryset(OrganizationQuerySet)


class OrganizationManager(_Nodes["Organization"]):  # type: ignore[valid-type]  # a class that mypy sees as a variable
    """The tree, always read in tree order."""

    def get_queryset(self) -> OrganizationQuerySet:
        return OrganizationQuerySet(self.model, using=self._db).order_by("path")


@tracked(exclude=["path", "depth", "numchild", "search"])
class Organization(MP_Node):
    """A region, state, district, cooperative or school.

    Scope is a path prefix: whoever holds a role here reaches what lies below.
    """

    steplen = 5
    node_order_by: ClassVar[list[str]] = []

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    name = models.CharField(_("name"), max_length=200)
    slug = models.SlugField(_("address on this site"), max_length=80, unique=True)
    # Named so because a foreign key called ``state`` would take the attribute ``state_id``, which is the state's
    # own id of this organization.
    in_state = models.ForeignKey("self", models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    nces_id = models.CharField(_("NCES id"), max_length=12, blank=True)
    state_id = models.CharField(_("state id"), max_length=20, blank=True)

    street = models.CharField(_("street"), max_length=200, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    county = models.CharField(_("county"), max_length=100, blank=True)
    postal_state = models.CharField(_("state (two letters)"), max_length=2, blank=True)
    zip_code = models.CharField(_("ZIP code"), max_length=10, blank=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    website = models.URLField(_("web site"), blank=True)
    latitude = models.DecimalField(_("latitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(_("longitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=40, default="America/New_York")

    design = models.CharField(_("school improvement design"), max_length=20, choices=Design, blank=True)
    grade_low = models.CharField(_("lowest grade"), max_length=2, choices=Grade, blank=True)
    grade_high = models.CharField(_("highest grade"), max_length=2, choices=Grade, blank=True)
    shared_time = models.BooleanField(
        _("shared-time"),
        default=False,
        help_text=_("Students are enrolled at their home schools and come for part of the day."),
    )

    opened = models.DateField(_("opened"), null=True, blank=True)
    closed = models.DateField(_("closed"), null=True, blank=True)
    successor = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="predecessors",
        verbose_name=_("successor"),
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    search = models.GeneratedField(
        expression=SearchVector("name", "city", "county", "postal_state", "nces_id", "state_id", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects: ClassVar[OrganizationManager] = OrganizationManager()

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        indexes = [
            GinIndex(fields=["search"], name="organization_search"),
            models.Index(fields=["kind", "name"], name="organization_kind_name"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "nces_id"],
                condition=~Q(nces_id=""),
                name="organization_nces_id_once",
                violation_error_message=_("Another organization has this NCES id."),
            ),
            models.UniqueConstraint(
                fields=["in_state", "kind", "state_id"],
                condition=~Q(state_id=""),
                name="organization_state_id_once",
                violation_error_message=_("Another organization of this state has this state id."),
            ),
            models.CheckConstraint(name="organization_kind_known", condition=Q(kind__in=Kind.values)),
            models.CheckConstraint(
                name="organization_state_below_state",
                condition=Q(kind__in=[Kind.REGION, Kind.STATE], in_state=None)
                | Q(kind__in=[Kind.DISTRICT, Kind.COOPERATIVE, Kind.SCHOOL], in_state__isnull=False),
            ),
            models.CheckConstraint(
                name="organization_school_facts_on_schools",
                condition=Q(kind=Kind.SCHOOL) | Q(design="", shared_time=False),
                violation_error_message=_("Only a school has a design or is shared-time."),
            ),
            models.CheckConstraint(
                name="organization_closes_after_opening",
                condition=Q(opened=None) | Q(closed=None) | Q(closed__gt=F("opened")),
                violation_error_message=_("It would close before it opened."),
            ),
            models.CheckConstraint(
                name="organization_successor_of_a_closed",
                condition=Q(successor=None) | Q(closed__isnull=False),
                violation_error_message=_("A successor needs the day on which this organization closed."),
            ),
            models.CheckConstraint(
                name="organization_not_its_own_successor",
                condition=Q(successor=None) | ~Q(successor=F("pk")),
                violation_error_message=_("An organization cannot succeed itself."),
            ),
            models.CheckConstraint(
                name="organization_nces_id_shape",
                condition=Q(nces_id__regex=r"^([0-9]{2}|[0-9]{7}|[0-9]{12})?$"),
                violation_error_message=_("An NCES id has 7 digits for a district and 12 for a school."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def access_scope(self) -> Scope:
        """Where this organization stands, for :func:`hstw.access.decide`."""
        if self.kind == Kind.STATE:
            return Scope(self.path, self.path)
        return Scope(self.path, self.in_state.path if self.in_state is not None else "")

    def get_absolute_url(self) -> str:
        return reverse("schools:organization", args=[self.slug, SchoolYear.on(timezone.localdate())])

    @property
    def grade_span(self) -> str:
        """Grades as people say them: ``9–12``; blank where unknown."""
        if not self.grade_low or not self.grade_high:
            return ""
        low, high = self.get_grade_low_display(), self.get_grade_high_display()
        return str(low) if low == high else f"{low}–{high}"

    @property
    def place(self) -> str:
        """City and state: ``Hueytown, AL``."""
        return ", ".join(part for part in (self.city, self.postal_state) if part)


def lineage(path: str) -> list[str]:
    """The paths from the top of the tree down to ``path`` itself."""
    step = Organization.steplen
    return [path[:end] for end in range(step, len(path) + 1, step)]


def unused_slug(name: str, postal_state: str = "") -> str:
    """An address for a new organization that no other has: ``jefferson-county-al``, then ``…-2``."""
    base = slugify(f"{name} {postal_state}")[:72] or "organization"
    taken = set(Organization.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    slug, number = base, 1
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug
