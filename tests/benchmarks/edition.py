"""How long the pages of an award edition with 500 nominations and five readers take, beside a bare view.

    .venv/bin/python -m tests.benchmarks.edition          # or another number of nominations

In a database of its own on the embedded server; every nomination has been read by all five.
"""

from __future__ import annotations

import sys

from tests.benchmarks import databases, served

PAGES = {
    "coordinator": ("edition", "nominations", "assignments", "consensus", "ranking", "conflicts", "conflict_log"),
    "reviewer": ("reviews",),
}


def main() -> None:
    """Make the edition, measure, print the table, drop the database."""
    with databases.own():
        measure(int(sys.argv[1]) if len(sys.argv) > 1 else 500)


def measure(count: int) -> None:
    """Write an edition with so many nominations, and ask for each of its pages."""
    from django.urls import reverse

    from awards.models import Nomination, Review
    from tests import factories
    from tests.awards import many

    edition = many.judged(2041, count, factories.make_world().bluegrass)
    pages = []
    for role, names in PAGES.items():
        cookie = served.cookie_of(edition.panel.filter(role=role).order_by("pk")[0].user)
        pages += [(f"{name}, {role}", reverse(f"awards:{name}", args=[edition.slug]), cookie) for name in names]
    lead = served.cookie_of(edition.panel.get(role="coordinator").user)
    nomination = Nomination.objects.filter(edition=edition).order_by("number")[0]
    for name in ("nomination", "agree", "decision"):
        pages.append((f"{name}, coordinator", reverse(f"awards:{name}", args=[nomination.public_id]), lead))
    review = Review.objects.filter(assignment__nomination=nomination).order_by("pk")[0]
    reader = served.cookie_of(review.assignment.reviewer.user)
    pages.append(("review, reviewer", reverse("awards:review", args=[review.public_id]), reader))
    with served.product(DATABASE_URL=databases.address(), HSTW_DATABASE_POOL="1") as port:
        served.print_table(port, f"{count} nominations, {many.READERS} readers of each", pages)


if __name__ == "__main__":
    main()
