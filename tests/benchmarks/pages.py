"""How long the everyday pages take, beside a bare Django view that renders a page of the same size.

    make run                      # in another terminal: the servers, with any world loaded
    .venv/bin/python manage.py demo --scale state
    .venv/bin/python -m tests.benchmarks.pages            # or only some: … pages plan PDF

Everything is measured in one run on the same server. The large plan (10 goals, 40 strategies, 300 action steps) is
written for a year that has none, and removed afterwards.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.benchmarks import served

if TYPE_CHECKING:
    from goals.models import Plan


def main() -> None:
    """Start the server, measure, print the table."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "hstw.settings"
    os.environ["HSTW_DATABASE_POOL"] = "1"
    from hstw import embedded

    with embedded.servers():
        import django

        django.setup()
        with served.product() as port:
            report(port)


def report(port: int) -> None:
    """Measure each page and its twin; print milliseconds and their ratio."""
    from django.urls import reverse

    from hstw.navigation import current_year
    from schools.models import Organization, RoleAssignment, User

    user = User.objects.get(email="state@demo.example")
    cookie = served.cookie_of(user)
    state = RoleAssignment.objects.filter(user=user).select_related("organization")[0].organization
    district = Organization.objects.filter(kind="district", in_state=state).order_by("path")[0]
    year = current_year()
    pages = {
        "home": reverse("home"),
        "organization list": reverse("schools:organizations"),
        "organization list, searched": reverse("schools:organizations") + "?q=high&kind=school",
        "a state": reverse("schools:organization", args=[state.slug, year]),
        "a district": reverse("schools:organization", args=[district.slug, year]),
        "readiness of a state": reverse("goals:dashboard", args=[state.slug, year]),
        "readiness of a district": reverse("goals:dashboard", args=[district.slug, year]),
        "schools of a state compared": reverse("goals:compare", args=[state.slug, year]) + "?of=school",
        "student groups of a state": reverse("goals:compare", args=[state.slug, year]) + "?by=group&of=school",
        "trends of the schools of a state": reverse("goals:trends", args=[state.slug, year]) + "?of=school",
    }
    schools = Organization.objects.filter(kind="school").count()
    with a_large_plan(state) as plan:
        here = [plan.organization.slug, plan.year]
        pages["a plan of 300 action steps"] = reverse("goals:plan", args=here)
        pages["the same as PDF, made again"] = reverse("goals:plan_draft_file", args=[*here, "pdf"])
        wanted = sys.argv[1:]
        asked = [
            (name, path, cookie) for name, path in pages.items() if not wanted or any(word in name for word in wanted)
        ]
        served.print_table(port, f"{schools} schools", asked)


@contextmanager
def a_large_plan(state: Any) -> Iterator[Plan]:
    """The largest plan that has to stay quick, of the year after next, at a school of the state; then none of it."""
    from django.db import transaction

    from goals.models import BoldGoal, Fund
    from hstw.navigation import current_year
    from schools.models import Organization, User
    from tests.goals.planning import make

    school = Organization.objects.filter(path__startswith=state.path, kind="school", design="high").order_by("path")[0]
    year = int(current_year()) + 2
    before = [set(model.objects.values_list("pk", flat=True)) for model in (BoldGoal, Fund)]
    with transaction.atomic():
        plan = make.largest(school, User.objects.get(email="principal@demo.example"), year)
    try:
        yield plan
    finally:
        plan.delete()
        for model, known in zip((BoldGoal, Fund), before, strict=True):
            model.objects.filter(organization=school).exclude(pk__in=known).delete()


if __name__ == "__main__":
    main()


if __name__ == "__main__":
    main()
