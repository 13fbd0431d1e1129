"""What the tests of promises share: a district of their own, a file through the pages, figures counted anew."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from awards.models import Edition
from goals import runs
from goals.models.measure import Basis
from goals.readiness import rollup
from schools.imports import steps
from schools.models import ImportBatch, Organization
from tests import factories
from tests.awards import world as w
from tests.browser.test_pages import RULES
from tests.goals.planning import make

# A page that follows a worker is loaded anew by itself: on a busy machine that takes long.
SLOW = 60_000
_years = itertools.count(2061, 2)


@dataclass(frozen=True)
class Place:
    """A district of a state of its own: what happens there is seen on no other test's pages."""

    state: Organization
    district: Organization
    schools: list[Organization] = field(default_factory=list)

    @property
    def school(self) -> Organization:
        """The first of its schools."""
        return self.schools[0]


def place(name: str, schools: int = 1) -> Place:
    """High schools of one district; ``name`` begins the name of each, so that pages can be searched for it."""
    state = factories.organization("state", factories.region(), f"State of {name}", postal_state="AL")
    district = factories.organization("district", state, f"{name} County", postal_state="AL")
    high = {"design": "high", "grade_low": "09", "grade_high": "12", "postal_state": "AL"}
    names = [f"{name} High School"] + [f"{name} High School {n}" for n in range(2, schools + 1)]
    return Place(state, district, [factories.organization("school", district, one, **high) for one in names])


def at(organization: Organization, page: str, year: int = make.YEAR) -> str:
    """The address of one of an organization's pages, of this year unless another is named."""
    return f"/o/{organization.slug}/{year}/{page}"


def an_edition() -> Edition:
    """An edition of an award that takes nominations, of a year that no other test has, and with rules of its own: a
    new edition takes over those of the latest, which may be another test's."""
    made = w.edition(next(_years))
    Edition.objects.filter(pk=made.pk).update(
        asks_surveys=False, membership_years=2, designs=["middle", "high", "technology_center"], readers=3
    )
    return Edition.objects.get(pk=made.pk)


def load(page: Page, school: Organization, year: int, name: str, lines: list[str]) -> ImportBatch:
    """A file through the pages: uploaded, read, looked at, applied. The page is the one of the file that is loaded."""
    page.goto(f"/o/{school.slug}/{year}/data/")
    page.get_by_role("link", name="Load a file").click()
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}
    )
    page.get_by_role("button", name="Upload and check").click()
    expect(page.get_by_role("heading", name="Checking the file")).to_be_visible()
    batch = ImportBatch.objects.get(source=name, organization=school)
    steps.work(batch.pk, beating=False)
    expect(page.get_by_role("heading", name="Is this what should change?")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name="Applying the file")).to_be_visible()
    steps.work(batch.pk, beating=False)
    expect(page.get_by_role("heading", name="The file is loaded")).to_be_visible(timeout=SLOW)
    return batch


def count(state: Organization, *years: int) -> None:
    """What the workers have counted before the test begins."""
    for year in years:
        for basis in Basis:
            rollup.roll_up(state, basis, year)


def count_anew(state: Organization) -> None:
    """As the workers do after a load (``runs.sweep``), for one state: those of other tests are left alone."""
    while rollup.mark_new():
        pass
    pairs = [(one.organization, Basis(one.basis), one.year) for one in rollup.stale()]
    pairs = [pair for pair in pairs if pair[0].pk == state.pk]
    assert pairs, "the load marked nothing to be counted"
    runs.refresh_goals(pairs, rollup.run(pairs, reason="changed evidence", only_stale=True))


def accessible(page: Page) -> None:
    """Nothing that axe finds, on a state of a page that no other test looks at."""
    found: list[Any] = Axe().run(page, options=RULES).response["violations"]
    assert [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]] == []
