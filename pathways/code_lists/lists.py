"""Which lists there are: a table of what each is, where it is from, and how a row of its file is read.

A list is shipped in ``pathways/data`` only where its licence clearly allows it; ``NOTICE`` names the sources.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from pathways.models import (
    ApExam,
    CareerCluster,
    CipCode,
    CipOccupation,
    Descriptor,
    IbGroup,
    Occupation,
    OnetOccupation,
    ScedCourse,
)
from pathways.models.codes import Framework, Level

SHIPPED = Path(__file__).parent.parent / "data"
_PUBLIC = "Work of the United States government, in the public domain"
_ED_FI = "Apache-2.0"
# A row of the file by heading; the cells are stripped and their inner blanks single.
Cells = Mapping[str, str]
Row = dict[str, Any]


class BadRow(ValueError):
    """A row that no file of this list has; the message says what is wrong."""


@dataclass(frozen=True)
class CodeList:
    """A list of codes.

    ``headings`` must be in the file; ``row`` makes a row of the model of a row's cells (edition given) or raises
    :class:`BadRow`. ``files`` are the patterns by which the file is found in a folder.
    """

    name: str
    title: Any
    model: type[models.Model]
    edition: str
    source: str
    licence: str
    headings: tuple[str, ...]
    row: Callable[[Cells, str], Row]
    files: tuple[str, ...]
    shipped: str = ""
    credit: str = ""
    key: tuple[str, ...] = ("code",)
    # Several lines may name the same pair (the crosswalk has one for each of California's own codes); the first counts.
    repeats: bool = False

    @property
    def path(self) -> Path | None:
        """The file that comes with the product."""
        return SHIPPED / self.shipped if self.shipped else None


def _shaped(pattern: str, what: str) -> Callable[[str], str]:
    shape = re.compile(pattern)

    def check(cell: str) -> str:
        if not shape.fullmatch(cell):
            raise BadRow(f"“{cell[:40]}” is not {what}")
        return cell

    return check


_cip = _shaped(r"\d\d(\.\d\d(\d\d)?)?", "a CIP code (two, four or six digits, as 51.3902)")
_sced = _shaped(r"\d{5}", "a SCED code (five digits)")
_soc = _shaped(r"\d\d-\d{4}", "a SOC code (as 29-1141)")
_onet = _shaped(r"\d\d-\d{4}\.\d\d", "an O*NET-SOC code (as 29-1141.01)")
_ap = _shaped(r"\d{1,2}", "an AP exam's code (one or two digits)")
_number = _shaped(r"\d\d", "a cluster's number (two digits)")
_MOVED = re.compile(r"(?:to|under) (\d\d\.\d\d(?:\d\d)?)$")


def _cip_row(cells: Cells, edition: str) -> Row:
    """A code that the edition moved or deleted is in its file too, with a line instead of a definition."""
    code, definition = _cip(cells["CIPCode"]), cells.get("CIPDefinition", "")
    ended = cells.get("Action", "") in {"Moved from", "Deleted"}
    replaced = _MOVED.search(definition) if ended else None
    return {
        "code": code,
        "title": cells["CIPTitle"].removesuffix("."),
        "ended_in": edition if ended else "",
        "family": code[:2],
        "definition": definition,
        "replaced_by": replaced[1] if replaced else "",
    }


def _sced_row(cells: Cells, edition: str) -> Row:
    code = _sced(cells["sced_course_code"])
    return {
        "code": code,
        "title": cells["course_title"],
        "subject_area": code[:2],
        "description": cells.get("course_description", ""),
    }


def _soc_row(cells: Cells, edition: str) -> Row:
    level = cells["SOC Group"].casefold()
    if level not in Level.values:
        raise BadRow(f"“{cells['SOC Group'][:40]}” is not a group of occupations (Major, Minor, Broad, Detailed)")
    return {
        "code": _soc(cells["SOC Code"]),
        "title": cells["SOC Title"],
        "level": level,
        "definition": cells.get("SOC Definition", ""),
    }


def _onet_row(cells: Cells, edition: str) -> Row:
    code = _onet(cells["O*NET-SOC 2019 Code"])
    return {"code": code, "title": cells["O*NET-SOC 2019 Title"], "soc_code": code[:7]}


def _crosswalk_row(cells: Cells, edition: str) -> Row:
    return {
        "cip_code": _cip(cells["2020 CIP Code"]),
        "soc_code": _soc(cells["2018 SOC Code"]),
        "occupation": cells["2018 SOC Title"],
    }


def _subject(cells: Cells) -> str:
    """``uri://ed-fi.org/AcademicSubjectDescriptor#Science`` → Science; blank for ``N/A``."""
    return cells["edfi_descriptor"].partition("#")[2]


def _ap_row(cells: Cells, edition: str) -> Row:
    return {
        "code": _ap(cells["AP_Exam_Code"]).zfill(2),
        "title": cells["AP_Exam_Description"],
        "subject": _subject(cells),
    }


def _ib_row(cells: Cells, edition: str) -> Row:
    """Where a group is divided the part is named in the code only: ``1 - English``."""
    code = cells["group_id"]
    title = cells["ib_group_name"] if cells["ib_group_name"] != "N/A" else code.partition(" - ")[2]
    return {"code": code, "title": title, "subject": _subject(cells)}


def _cluster_row(cells: Cells, edition: str) -> Row:
    framework = cells["framework"]
    if framework not in Framework.values:
        raise BadRow(f"“{framework[:40]}” is not a framework ({', '.join(Framework.values)})")
    if cells["cross_cutting"] not in {"Y", "N"}:
        raise BadRow("cross_cutting is neither Y nor N")
    return {
        "code": f"{framework}:{_number(cells['number'])}",
        "title": cells["name"],
        "framework": framework,
        "cross_cutting": cells["cross_cutting"] == "Y",
    }


def _descriptor_row(cells: Cells, edition: str) -> Row:
    namespace, value = cells["Namespace"], cells["CodeValue"]
    if not namespace.startswith("uri://") or not value:
        raise BadRow("a descriptor needs a code value and a namespace that begins with uri://")
    return {
        "code": f"{namespace}#{value}",
        "title": cells["ShortDescription"],
        "namespace": namespace,
        "code_value": value,
        "description": cells.get("Description", ""),
    }


LISTS: dict[str, CodeList] = {
    one.name: one
    for one in (
        CodeList(
            name="cip",
            title=_("Instructional programs (CIP)"),
            model=CipCode,
            edition="2020",
            source="NCES, Classification of Instructional Programs 2020",
            licence=_PUBLIC,
            headings=("CIPCode", "CIPTitle"),
            row=_cip_row,
            files=("cip_2*.csv*", "cip.csv*", "CIPCode*.csv*"),
            shipped="cip.csv.gz",
        ),
        CodeList(
            name="sced",
            title=_("Courses (SCED)"),
            model=ScedCourse,
            edition="12",
            source="NCES, School Courses for the Exchange of Data, version 12",
            licence=_PUBLIC,
            headings=("sced_course_code", "course_title"),
            row=_sced_row,
            files=("sced*.csv*",),
            shipped="sced.csv.gz",
        ),
        CodeList(
            name="soc",
            title=_("Occupations (SOC)"),
            model=Occupation,
            edition="2018",
            source="Bureau of Labor Statistics, Standard Occupational Classification 2018",
            licence=_PUBLIC,
            headings=("SOC Group", "SOC Code", "SOC Title"),
            row=_soc_row,
            files=("soc*.csv*",),
            shipped="soc.csv.gz",
        ),
        CodeList(
            name="onet",
            title=_("Occupations (O*NET-SOC)"),
            model=OnetOccupation,
            edition="2019",
            source="O*NET-SOC taxonomy 2019",
            licence="CC BY 4.0",
            credit="Includes O*NET-SOC 2019 titles by the U.S. Department of Labor, Employment and Training "
            "Administration (USDOL/ETA). Used under the CC BY 4.0 license. O*NET® is a trademark of USDOL/ETA. "
            "Codes and titles only; USDOL/ETA has not approved, endorsed, or tested this use.",
            headings=("O*NET-SOC 2019 Code", "O*NET-SOC 2019 Title"),
            row=_onet_row,
            files=("onet*.csv*",),
            shipped="onet.csv.gz",
        ),
        CodeList(
            name="crosswalk",
            title=_("Programs to occupations (CIP–SOC crosswalk)"),
            model=CipOccupation,
            edition="2025-02",
            source="California Community Colleges, TOP–CIP–SOC crosswalk of February 2025",
            # Not shipped: the compiler states no licence for the crosswalk itself.
            licence="O*NET data CC BY 4.0; none stated for the crosswalk",
            credit="Crosswalk: California Community Colleges. Includes O*NET data by USDOL/ETA, CC BY 4.0.",
            headings=("2020 CIP Code", "2018 SOC Code", "2018 SOC Title"),
            row=_crosswalk_row,
            files=("*crosswalk*.csv*",),
            key=("cip_code", "soc_code"),
            repeats=True,
        ),
        CodeList(
            name="ap",
            title=_("AP exams"),
            model=ApExam,
            edition="f8967a1",
            source="Education Analytics, earthmover_edfi_bundles, assessments/AP",
            licence=_ED_FI,
            headings=("AP_Exam_Code", "AP_Exam_Description", "edfi_descriptor"),
            row=_ap_row,
            files=("ap_exam*.csv*", "ap.csv*"),
            shipped="ap.csv",
        ),
        CodeList(
            name="ib",
            title=_("IB subject groups"),
            model=IbGroup,
            edition="f8967a1",
            source="Education Analytics, earthmover_edfi_bundles, assessments/IB",
            licence=_ED_FI,
            headings=("group_id", "ib_group_name", "edfi_descriptor"),
            row=_ib_row,
            files=("ib_group*.csv*", "ib.csv*"),
            shipped="ib.csv",
        ),
        CodeList(
            name="clusters",
            title=_("Career clusters, both frameworks"),
            model=CareerCluster,
            edition="16 classic, 14 of 2024",
            source="Ed-Fi CareerPathway descriptors 5.2 (classic); Advance CTE's framework of 2024 (names)",
            licence=_ED_FI,
            headings=("framework", "number", "name", "cross_cutting"),
            row=_cluster_row,
            files=("clusters*.csv*",),
            shipped="clusters.csv",
        ),
        CodeList(
            name="descriptors",
            title=_("Ed-Fi descriptors"),
            model=Descriptor,
            edition="5.2",
            source="Ed-Fi Alliance, Ed-Fi Data Standard 5.2",
            licence=_ED_FI,
            headings=("Namespace", "CodeValue", "ShortDescription"),
            row=_descriptor_row,
            files=("descriptors*.csv*", "*Descriptor.xml"),
            shipped="descriptors.csv.gz",
        ),
    )
}
