"""What codes mean: titles of programs, courses, occupations, exams, clusters, looked up by the handful.

Evidence stores codes as text. Pages collect the codes they show and ask once; a code that no list knows is simply
not in the answer, and the page shows the code itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce

from pathways.code_lists.lists import LISTS
from pathways.models import CipOccupation, CodeListLoad, Occupation

# What the statistics write where a program leads to no occupation in particular.
NO_OCCUPATION = "99-9999"


def titles(name: str, codes: Iterable[str]) -> dict[str, str]:
    """Titles of the codes that the list ``name`` (a key of ``LISTS``) knows, ended ones included; one query."""
    wanted = set(codes) - {""}
    if not wanted:
        return {}
    model = cast(Any, LISTS[name].model)
    return dict(model.objects.filter(pk__in=wanted).values_list("pk", "title"))


def occupations(cip_codes: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """The occupations, as (SOC code, title), to which each program leads; one query. Programs without are absent.

    Titles are the SOC list's; the crosswalk's own where it knows an occupation that the list does not have.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    listed = Occupation.objects.filter(code=OuterRef("soc_code")).values("title")
    pairs = CipOccupation.objects.filter(cip_code__in=set(cip_codes), ended_in="").exclude(soc_code=NO_OCCUPATION)
    named = pairs.annotate(title=Coalesce(Subquery(listed), "occupation")).order_by("cip_code", "soc_code")
    for cip_code, soc_code, title in named.values_list("cip_code", "soc_code", "title"):
        found.setdefault(cip_code, []).append((soc_code, title))
    return found


def cip_title(code: str) -> str:
    """Title of a CIP code, of two, four or six digits; blank where it is unknown."""
    return titles("cip", [code]).get(code, "")


def sced_title(code: str) -> str:
    """Title of a SCED course; blank where it is unknown."""
    return titles("sced", [code]).get(code, "")


def occupation_title(code: str) -> str:
    """Title of an occupation by its SOC (``29-1141``) or O*NET code (``29-1141.01``); blank where it is unknown."""
    return titles("onet" if "." in code else "soc", [code]).get(code, "")


def ap_title(code: str) -> str:
    """Title of an AP exam; files leave out the leading zero of ``07``. Blank where it is unknown."""
    return titles("ap", [code.zfill(2)]).get(code.zfill(2), "")


def credits_for(*names: str) -> list[str]:
    """What must be shown where words of these lists are shown (O*NET's license asks for it)."""
    return list(CodeListLoad.objects.filter(list__in=names).exclude(credit="").values_list("credit", flat=True))
