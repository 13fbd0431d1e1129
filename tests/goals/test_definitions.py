"""The measures and groups that ship with the product, and how they come into the database."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection

from goals import definitions
from goals.definitions import BadDefinition
from goals.models import Measure, StudentGroup
from goals.models.measure import Basis, Dimension, Direction, MeasureKind, Unit
from schools.models.evidence import RaceEthnicity

pytestmark = pytest.mark.django_db

# ESEA 1111(c)(2) and (h), Perkins V section 3(48): the codes agreed for the product.
AGREED = "ALL AM AS BL HI PI TR WH F M ECD EL SWD HOM FOS MIL MIG SPA NTR".split()  # noqa: SIM905 (a list to compare with the standard by eye)


def test_groups_and_measures_are_there_after_migrating() -> None:
    """Nobody loads anything by hand: the test database has been migrated and no more."""
    assert set(AGREED) <= set(StudentGroup.objects.values_list("code", flat=True))
    assert Measure.objects.filter(code="ACGR4", name="Four-year graduation rate", basis="class").exists()


def test_computed_groups_have_places_of_their_own_in_a_readiness_record() -> None:
    bits = dict(StudentGroup.objects.exclude(bit=None).values_list("code", "bit"))
    assert bits == {code: place for place, code in enumerate(AGREED)}


def test_the_seven_federal_categories_are_the_codes_of_enrollments() -> None:
    codes = set(
        StudentGroup.objects.filter(dimension="race_ethnicity").exclude(bit=None).values_list("code", flat=True)
    )
    assert codes == set(RaceEthnicity.values)


def test_a_remainder_group_names_the_group_it_is_the_rest_of() -> None:
    found = dict(StudentGroup.objects.exclude(remainder_of=None).values_list("code", "remainder_of__code"))
    assert found["NOT_ECD"] == "ECD"
    assert all(code == f"NOT_{rest}" for code, rest in found.items())
    assert not StudentGroup.objects.filter(code__startswith="NOT_", remainder_of=None).exists()


def test_there_are_sixteen_career_clusters() -> None:
    codes = StudentGroup.objects.filter(dimension="career_cluster").values_list("code", flat=True)
    assert list(codes) == [f"CC{n:02d}" for n in range(1, 17)]


def test_every_row_says_what_the_model_knows() -> None:
    """``update_or_create`` does not check choices; the files must."""
    for group in StudentGroup.objects.all():
        assert group.dimension in Dimension.values
    for measure in Measure.objects.all():
        assert measure.kind in MeasureKind.values
        assert measure.direction in Direction.values
        assert measure.unit in Unit.values
        assert measure.basis in ("", *Basis.values)
        measure.full_clean()
        # Whoever reads a rate is told of whom it is a share.
        assert measure.kind not in {"student_rate", "mean"} or measure.denominator, measure.code


def test_loading_again_changes_nothing_and_puts_changed_rows_right() -> None:
    before = list(Measure.objects.order_by("pk").values()), list(StudentGroup.objects.order_by("pk").values())
    Measure.objects.filter(code="ACGR4").update(name="Something else", lag_years=9, state="AL")
    definitions.load()
    after = list(Measure.objects.order_by("pk").values()), list(StudentGroup.objects.order_by("pk").values())
    assert after == before


def test_migrate_loads_them(transactional_db: None) -> None:
    Measure.objects.all().delete()
    call_command("migrate", verbosity=0)
    assert Measure.objects.filter(code="ACGR4").exists()


def test_nothing_is_loaded_while_a_column_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """``migrate goals 0001`` runs with the models of today and the tables of then."""
    Measure.objects.all().delete()
    real = connection.introspection.get_table_description
    monkeypatch.setattr(connection.introspection, "get_table_description", lambda c, table: real(c, table)[:-1])
    definitions.load_where_ready("default")
    assert not Measure.objects.exists()


def test_a_code_given_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "groups.toml"
    path.write_text('[[group]]\ncode = "A"\n[[group]]\ncode = "A"\n')
    with pytest.raises(BadDefinition, match=r"groups\.toml has A twice"):
        definitions.read(path, "group")


def test_each_makes_one_row_per_key(tmp_path: Path) -> None:
    path = tmp_path / "measures.toml"
    path.write_text(
        '[[measure]]\ncode = "X{}"\nname = "{}-year rate"\ndefinition = "In {} years"\nlag_years = 1\n'
        'each = { 4 = "four", 5 = "five" }\nbits = { 4 = 7 }\n'
    )
    assert definitions.read(path, "measure") == [
        {"code": "X4", "name": "Four-year rate", "definition": "In four years", "lag_years": 1, "bit": 7},
        {"code": "X5", "name": "Five-year rate", "definition": "In five years", "lag_years": 1},
    ]


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"bit": 128, "basis": "year"}, "measure_bit_in_range"),
        ({"bit": 3, "basis": "", "kind": "organization"}, "measure_bit_in_range"),
        ({"kind": "guess"}, "measure_kind_known"),
        ({"basis": "never"}, "measure_basis_known"),
        ({"basis": "", "bit": None}, "measure_of_students_has_basis"),
        ({"first_year": 2020, "last_year": 2019}, "measure_last_year_after_first"),
    ],
)
def test_constraints_of_measures(change: dict[str, object], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        Measure.objects.filter(code="ACGR4").update(**change)


def test_two_measures_of_a_basis_never_share_a_place() -> None:
    Measure.objects.filter(code="ACGR4").update(bit=105)
    Measure.objects.filter(code="AP_PASS").update(bit=105)  # another basis, another registry
    with pytest.raises(IntegrityError, match="measure_bit_once"):
        Measure.objects.filter(code="ACGR5").update(bit=105)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [({"bit": 128}, "group_bit_in_range"), ({"dimension": "mood"}, "group_dimension_known")],
)
def test_constraints_of_groups(change: dict[str, object], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        StudentGroup.objects.filter(code="ALL").update(**change)


def test_a_group_is_not_its_own_remainder() -> None:
    group = StudentGroup.objects.get(code="ALL")
    with pytest.raises(IntegrityError, match="group_not_its_own_remainder"):
        StudentGroup.objects.filter(code="ALL").update(remainder_of=group)
