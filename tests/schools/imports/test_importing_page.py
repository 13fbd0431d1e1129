"""The page on importing keeps to what is so: its example is a layout, its kinds and numbers are the product's."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from django.conf import settings

from schools.imports import layout_file, registry
from schools.imports.read.archive import LIMITS
from schools.management.commands.import_data import APPLIED, REFUSED, STOPPED
from schools.models.organization import Kind
from tests import factories
from tests.schools.imports.fakes import read, table

PAGE = (Path(__file__).parents[3] / "docs" / "importing.md").read_text()


@pytest.mark.django_db
def test_the_example_is_a_layout_that_reads_the_file_it_is_for() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    layout = layout_file.layout(tomllib.loads(example), "ready_check.toml")
    district = factories.organization(Kind.DISTRICT, factories.organization(Kind.STATE, factories.region()))
    text = "Student Number,Test Date,Subject,Scale Score,Met\n007,3/24/2026,M,512,Y\n008,3/24/2026,R,,N\n"
    (row,) = read(layout, district, table(text)).rows("assessment_result")
    assert (row["local_number"], row["subject"], row["score"]) == ("007", "Mathematics", "512")
    assert (row["performance_level"], row["taken_on"], row["year"]) == ("Met benchmark", "2026-03-24", "2026")


def test_limits_and_settings_are_as_the_page_says() -> None:
    assert f"guard stops a file that replaces; {settings.HSTW_IMPORT_GUARD_SHARE:.2f} |" in PAGE
    assert f"`BEFORE_IMAGE_DAYS` | how long undo is possible; {settings.HSTW_BEFORE_IMAGE_DAYS} |" in PAGE
    assert f"in bytes; {settings.HSTW_UPLOAD_LIMIT >> 30} GB" in PAGE
    assert f"unpack to {LIMITS.unpacked_bytes >> 30} GB and hold {LIMITS.members:,} files" in PAGE
    codes = dict(re.findall(r"^\| ([0-9]) \| (\w+)", PAGE, re.MULTILINE))
    assert codes == {"0": "applied", "1": "the", "3": "the", "4": "the"}
    assert (APPLIED, STOPPED, REFUSED) == (0, 3, 4)


def test_every_template_is_named() -> None:
    assert sum(layout.template for layout in registry.layouts()) == 1 + len(
        re.search(r"our templates: (.*?) \|", PAGE)[1].split(", ")  # type: ignore[index]
    )
