"""Whose bundle it is, and which school each of its organizations means."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from schools.imports.oneroster.bundle import Bundle
from schools.imports.oneroster.columns import ORG_TYPES
from schools.imports.oneroster.records import Records, Words
from schools.imports.problems import FileRefused
from schools.imports.values import BadValue, Identifier, Memo, Text
from schools.models import Organization
from schools.models.organization import Kind

# A new school's facts in the directory, by what ClassLink and others write beside the standard's columns.
FACTS = {"metadata.address1": "street", "metadata.city": "city", "metadata.postCode": "zip_code"}
FACT_LIMITS = {"street": 200, "city": 100, "zip_code": 10}


@dataclass
class Schools:
    """Organizations of the bundle: ``of`` leads from an id to the key of the school it means.

    ``known`` are all ids; ``elsewhere`` those of schools that this import is not for.
    """

    of: dict[str, str] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)


@dataclass
class _Org:
    line: int
    row: Sequence[str]
    name: str
    type: str
    identifier: str
    parent: str
    facts: dict[str, str]
    gone: bool


def read_orgs(bundle: Bundle) -> Schools:
    """Match the schools with the directory, plan those that it has not; hold the district against the import's.

    A department or another unit below a school means that school. Schools of another district in the bundle, and
    for a single school all others, are not loaded. Raises :class:`~schools.imports.problems.FileRefused` where the
    bundle is another district's.
    """
    records = bundle.files["orgs"]
    every = _read(records)
    _settle_district(bundle, records, every)
    schools = Schools(known=set(every))
    own = [one for one in sorted(every) if every[one].type == "school"]
    foreign = _of_other_districts(bundle.reading.organization, every)
    names = Counter(every[one].name.casefold() for one in own)
    for one in own:
        if one in foreign:
            schools.elsewhere.add(one)
            continue
        found = _match(bundle, records, every[one], alone=len(own) == 1, by_name=names[every[one].name.casefold()] == 1)
        if found is None:
            schools.elsewhere.add(one)
        else:
            schools.of[one] = str(found)
    for one in every:
        school = _school_above(one, every)
        if school in schools.of:
            schools.of[one] = schools.of[school]
        elif school in schools.elsewhere:
            schools.elsewhere.add(one)
    if schools.elsewhere:
        number = sum(every[one].type == "school" for one in schools.elsewhere)
        bundle.note(
            ngettext(
                "%(n)d school of the bundle is not of %(organization)s: its students were not loaded.",
                "%(n)d schools of the bundle are not of %(organization)s: their students were not loaded.",
                number,
            )
            % {"n": number, "organization": bundle.reading.organization.name}
        )
    if not schools.of:
        raise FileRefused(
            _("No school of the bundle is one of %(organization)s.")
            % {"organization": bundle.reading.organization.name},
            _("Check for whom the bundle was exported, and for whom it is loaded."),
        )
    return schools


def _read(records: Records) -> dict[str, _Org]:
    kinds, ids, names = Memo(Words(ORG_TYPES)), Memo(Identifier(200)), Memo(Text(200))
    every: dict[str, _Org] = {}
    columns = ("sourcedId", "name", "type", "identifier", "parentSourcedId", *FACTS)
    for line, gone, (one, name, kind, identifier, parent, *facts), row in records.rows(*columns):
        read = {"type": kinds[kind], "identifier": ids[identifier], "name": names[name]}
        bad = next(((column, value) for column, value in read.items() if isinstance(value, BadValue)), None)
        if bad:
            records.refuse_value(line, row, bad[1], bad[0], {"type": kind, "name": name}.get(bad[0], identifier))
            continue
        records.note_case(line, "type", kind, read["type"])
        if not read["name"]:
            records.refuse(line, row, "no_name", _("An organization without a name"), "name")
            continue
        every[one] = _Org(
            line,
            row,
            read["name"],
            read["type"] or "",
            read["identifier"] or "",
            parent,
            {FACTS[column]: value for column, value in zip(FACTS, facts, strict=True) if value},
            gone,
        )
    return every


def _school_above(one: str, every: dict[str, _Org]) -> str:
    """The nearest school above a unit that is none, district and beyond excepted; blank for none."""
    seen: set[str] = set()
    while one in every and one not in seen and every[one].type not in {"district", "local", "state", "national"}:
        if every[one].type == "school":
            return one
        seen.add(one)
        one = every[one].parent
    return ""


def _district_of(one: str, every: dict[str, _Org]) -> str:
    seen: set[str] = set()
    while one in every and one not in seen:
        if every[one].type == "district":
            return one
        seen.add(one)
        one = every[one].parent
    return ""


def district_of(organization: Organization) -> Organization | None:
    """The district itself, or the one that a school is of; ``None`` for a school right below its state."""
    if organization.kind == Kind.DISTRICT:
        return organization
    above = organization.path[: -Organization.steplen]
    return Organization.objects.filter(path=above, kind=Kind.DISTRICT).first()


def _bare(number: str) -> str:
    """An id as it can be compared: ``AL-0045`` of the federal directory and ``45`` are one."""
    return re.sub(r"^[A-Z]{2}-", "", number).replace("-", "").lstrip("0").casefold()


def _contradicts(identifier: str, organization: Organization) -> bool | None:
    """Whether an id is another organization's; ``None`` where the two cannot be compared.

    Seven digits (twelve for a school) are the shape of an NCES id and are held against that one first.
    """
    own = {_bare(number) for number in (organization.nces_id, organization.state_id) if number}
    if not identifier or not own:
        return None
    if _bare(identifier) in own:
        return False
    length = 12 if organization.kind == Kind.SCHOOL else 7
    if re.fullmatch(rf"[0-9]{{{length}}}", identifier):
        return True if organization.nces_id else None
    return True if organization.state_id else None


def _is_organization(org: _Org, organization: Organization) -> bool:
    told = _contradicts(org.identifier, organization)
    return told is False or (told is None and org.name.casefold() == organization.name.casefold())


def _settle_district(bundle: Bundle, records: Records, every: dict[str, _Org]) -> None:
    """Hold the bundle's district against the one the import is for."""
    organization = bundle.reading.organization
    above = district_of(organization)
    districts = [org for org in every.values() if org.type == "district"]
    if above is None or not districts:
        return
    if len(districts) > 1:
        if not any(_is_organization(org, above) for org in districts):
            raise FileRefused(
                _("The bundle has %(n)d districts, and none of them is %(organization)s.")
                % {"n": len(districts), "organization": above.name},
                _("Compare the identifier column of orgs.csv with the district's NCES id and state id."),
            )
        return
    (district,) = districts
    if _contradicts(district.identifier, above):
        raise FileRefused(
            _("The bundle is of the district %(name)s (%(id)s), not of %(organization)s.")
            % {"name": district.name, "id": district.identifier, "organization": above.name},
            _("Load it for the district it was exported for, or correct the identifier in orgs.csv."),
        )
    if district.name.casefold() != above.name.casefold():
        records.note(
            district.line,
            "district_name",
            _("The district has another name here"),
            "name",
            district.name,
            _("Make sure that this is the bundle of %(organization)s.") % {"organization": above.name},
        )


def _of_other_districts(organization: Organization, every: dict[str, _Org]) -> set[str]:
    """Schools that stand below another district of the same bundle."""
    districts = [one for one, org in every.items() if org.type == "district"]
    above = district_of(organization)
    if len(districts) < 2 or above is None:
        return set()
    own = {one for one in districts if _is_organization(every[one], above)}
    return {one for one in every if every[one].type == "school" and _district_of(one, every) not in own}


def _match(bundle: Bundle, records: Records, org: _Org, *, alone: bool, by_name: bool) -> int | None:
    """The school that an organization of the bundle means; planned where the directory has none.

    A name that two schools of the bundle share leads to neither: there the id must.
    """
    places, organization = bundle.reading.places, bundle.reading.organization

    def note(cause: str, text: Any, column: str, value: str, advice: Any = "") -> None:
        records.note(org.line, cause, text, column, value, advice)

    try:
        found = places.find(org.identifier, org.name if by_name else "")
    except BadValue as bad:
        records.refuse_value(org.line, org.row, bad, "identifier", org.identifier or org.name)
        return None
    if found is not None:
        school = Organization.objects.filter(pk=found).first()
        if school is not None and _contradicts(org.identifier, school):
            advice = _("If it is another school, give it its own name in orgs.csv or in the directory.")
            note(
                "school_by_name", _("Found by name only; the directory has another id"), "identifier", org.name, advice
            )
        return found
    if organization.kind == Kind.SCHOOL:
        if not alone or _contradicts(org.identifier, organization):
            return None
        advice = _("It is the only one of the bundle. Make sure that it is %(school)s.") % {"school": organization.name}
        note("school_name", _("The school has another name here"), "name", org.name, advice)
        return organization.pk
    if org.gone:
        return None
    return _plan(bundle, records, org)


def _plan(bundle: Bundle, records: Records, org: _Org) -> int | None:
    """A school that the directory has not, below the district that the import is for."""
    organization = bundle.reading.organization
    ids: dict[str, str] = {}
    if re.fullmatch("[0-9]{12}", org.identifier):
        ids["nces_id"] = org.identifier
        taken = Organization.objects.filter(kind=Kind.SCHOOL, nces_id=org.identifier)
    else:
        if len(org.identifier) <= 20:
            ids["state_id"] = org.identifier
        taken = Organization.objects.filter(kind=Kind.SCHOOL, in_state=organization.in_state, state_id=org.identifier)
    if org.identifier and taken.exists():
        records.refuse(
            org.line,
            org.row,
            "school_elsewhere",
            _("The directory has this school in another place"),
            "identifier",
            org.identifier,
            _("Correct its district in the directory, or its identifier in orgs.csv."),
        )
        return None
    facts = {name: value[: FACT_LIMITS[name]] for name, value in org.facts.items()}
    records.note(
        org.line,
        "new_school",
        _("A school that the directory has not; it is added when the file is applied"),
        "name",
        org.name,
        _("If it is there under another name, give both the same id. Its grades are filled in under the directory."),
    )
    return bundle.reading.places.add(org.name, **ids, **facts)
