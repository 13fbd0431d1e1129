"""One row for what somebody typed: a code, or words of its title; where several fit, they are named."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from pathways.models import CipCode, Course, CredentialType
from schools.models import Organization

SUGGESTED = 12
_NAMED = 5


def programs(text: str) -> list[CipCode]:
    """Six-digit CIP programs in force whose code begins so, or whose title has every word."""
    found: QuerySet[Any] = CipCode.objects.filter(ended_in="", code__regex=r"^[0-9]{2}\.[0-9]{4}$")
    for word in text.split()[:6]:
        found = found.filter(Q(code__startswith=word) | Q(title__icontains=word))
    return list(found.order_by("code")[:SUGGESTED])


def courses(organization: Organization, year: int, text: str) -> list[Course]:
    """Courses that the organization may use in a year."""
    found = Course.objects.offered_to(organization).in_force(year).search(text)
    return list(found.order_by("title", "pk")[:SUGGESTED])


def credential_types(organization: Organization, text: str) -> list[CredentialType]:
    """Kinds of credential that the organization may use."""
    return list(CredentialType.objects.offered_to(organization).search(text).order_by("name", "pk")[:SUGGESTED])


def program(text: str) -> CipCode | None:
    """The program that ``text`` names; ``None`` for blank. Raises ``ValidationError`` that names what fits."""
    return _one(programs(_words(text)), text, lambda row: row.code) if text.strip() else None


def course(organization: Organization, year: int, text: str) -> Course:
    """The course that ``text`` names; raises ``ValidationError``."""
    rows = Course.objects.offered_to(organization).in_force(year)
    exact = list(rows.filter(code__iexact=_code(text))[:2])
    found: Course = _one(exact or courses(organization, year, _words(text)), text, lambda row: row.code)
    return found


def credential_type(organization: Organization, text: str) -> CredentialType:
    """The kind of credential that ``text`` names; raises ``ValidationError``."""
    rows = CredentialType.objects.offered_to(organization)
    exact = list(rows.filter(code__iexact=_code(text))[:2])
    found: CredentialType = _one(exact or credential_types(organization, _words(text)), text, lambda row: row.code)
    return found


def shown(row: Any) -> str:
    """How a suggestion is written, so that picking it names exactly one: ``51.3902 — Nursing Assistant``."""
    return f"{row.code} — {getattr(row, 'title', '') or getattr(row, 'name', '')}"


def _code(text: str) -> str:
    """The code of a picked suggestion, or the whole of what was typed."""
    return text.partition(" — ")[0].strip()


def _words(text: str) -> str:
    return _code(text)


def _one(found: list[Any], text: str, code: Any) -> Any:
    for row in found:
        if code(row).casefold() == _code(text).casefold():
            return row
    if len(found) == 1:
        return found[0]
    if not found:
        raise ValidationError(_("Nothing is called “%(text)s”. Try a code or a word of the title.") % {"text": text})
    names = "; ".join(shown(row) for row in found[:_NAMED])
    more = "…" if len(found) > _NAMED else "."
    raise ValidationError(_("Several fit: %(names)s%(more)s Type more of it.") % {"names": names, "more": more})
