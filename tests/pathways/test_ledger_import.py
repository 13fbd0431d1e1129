"""A file of credentials, loaded as a person loads one: what the ledger shows of it, of its repeats and strangers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pathways import ledger, portfolio, proofs
from pathways.ledger import Standing
from schools.imports import undo
from schools.models import CredentialEarned, StudentIdentifier
from tests import factories
from tests.pathways import made
from tests.schools.imports.test_run import applied

pytestmark = pytest.mark.django_db
HEAD = "state_number,school,credential_code,issuer,earned_on,passed"


@pytest.fixture
def world(settings: Any, tmp_path: Path) -> factories.World:
    settings.MEDIA_ROOT = tmp_path
    return factories.make_world()


def file(world: factories.World, year: int, rows: int, *, repeats: int = 0, strangers: int = 0) -> str:
    """So many rows: of different students, but for the last ones, which repeat a row or name another credential."""
    lines = [HEAD]
    for number in range(rows - repeats):
        student = factories.enrollment(world.ridge, year, "12").student
        value = f"{year}{number:05d}"
        StudentIdentifier.objects.create(
            student=student, system="state", organization=world.alabama, value=value, starts="2015-07-01"
        )
        code = "OFF-LIST" if number < strangers else "CNA"
        lines.append(f"{value},Cahaba Ridge High School,{code},State board,{year}-03-02,Y")
    return "\n".join([*lines, *lines[-repeats:]] if repeats else lines) + "\n"


def load(world: factories.World, year: int, rows: int, **options: int) -> Any:
    """The file, applied."""
    return applied(world, file(world, year, rows, **options), name=f"credentials-{year}.csv", kind="credentials")


def test_credentials_go_from_12_to_162_by_import(world: factories.World) -> None:
    made.credential_type(world.alabama, "CNA")
    load(world, 2016, 12)
    load(world, 2019, 162)
    found = portfolio.of(world.ridge, [2016, 2017, 2019])
    assert [one.credentials_earned for one in found.years] == [12, None, 162]
    assert [(source.name, source.lines) for source in found.year(2019).sources] == [("credentials-2019.csv", 162)]


def test_of_162_rows_154_count_and_8_are_told_with_their_reason(world: factories.World) -> None:
    """Opening 12: five rows repeat others, three are of a credential that is not on the list."""
    made.credential_type(world.alabama, "CNA")
    batch = load(world, 2019, 162, repeats=5, strangers=3)
    counts = ledger.counts(ledger.lines(world.ridge, 2019))
    assert (counts.counted, counts.off_list, counts.unverified) == (154, 3, 154)
    assert ledger.narrowed(ledger.lines(world.ridge, 2019), standing=Standing.COUNTED).count() == 154
    off = ledger.narrowed(ledger.lines(world.ridge, 2019), standing=Standing.OFF_LIST)
    assert {ledger.why(line) for line in off} == {"OFF-LIST is not on the list of 2018–19."}
    # The repeats are no lines: they were left out of the file, and the ledger leads to where that is told.
    assert [(one.source, one.rows) for one in ledger.left_out(world.ridge, 2019)] == [("credentials-2019.csv", 5)]
    assert batch.state == "applied"


def test_what_was_verified_stays_so_when_the_import_is_undone_and_loaded_again(world: factories.World) -> None:
    text = file(world, 2019, 3)
    batch = applied(world, text, name="first.csv", kind="credentials")
    proofs.verify(ledger.lines(world.ridge, 2019)[:2], factories.person())
    undo.undo(batch, by=None)
    assert not CredentialEarned.objects.exists()
    applied(world, text + "\n", name="second.csv", kind="credentials")
    assert ledger.counts(ledger.lines(world.ridge, 2019)).unverified == 1
