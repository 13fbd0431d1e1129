"""Why a student is counted in a measure or not, and met it or not: the same rule tree as for all, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from goals.readiness import facts
from goals.readiness.computed import Computed, all_computed
from goals.readiness.derive import is_due, where_covered
from goals.readiness.expressions import Line, evaluate
from goals.readiness.rules import rule_book
from schools.models import Organization
from schools.models.organization import Kind

# A single condition has been begun where another fact says so: attempted, not passed.
_BEGUN = {"credentials": "credential_attempts", "ap_passed": "ap_taken"}

# Levels of certificates have names; their order is a number (goals.readiness.facts).
_LEVELS = {"ncrc": {3: _lazy("bronze"), 4: _lazy("silver"), 5: _lazy("gold"), 6: _lazy("platinum")}}


@dataclass(frozen=True)
class Explained:
    """One student in one measure at one organization: the facts, and both conditions as they stand.

    ``organization_id`` is where the student's record stands: a school, or what is above several of them.
    """

    student_id: int
    organization_id: int
    facts: dict[str, Any]
    known: bool
    counted_line: Line
    met_line: Line

    @property
    def counted(self) -> bool:
        """Whether the student is in the denominator."""
        return self.known and self.counted_line.holds

    @property
    def met(self) -> bool:
        """Whether the student is in the numerator."""
        return self.counted and self.met_line.holds


def spec_of(code: str) -> Computed:
    """The computed measure with this code; :class:`KeyError` for a code that is not computed from students' bits."""
    return {one.code: one for one in all_computed()}[code]


def state_of(organization: Organization) -> Organization:
    """The state whose rules hold for an organization."""
    if organization.kind == Kind.STATE or organization.in_state is None:
        return organization
    return organization.in_state


def explain(student_id: int, organization: Organization, code: str, year: int) -> Line | None:
    """The condition that decides a measure, as it stands for one student; ``None`` for somebody not there that year."""
    found = explain_all([student_id], organization, code, year).get(student_id)
    return found.met_line if found else None


def explain_all(student_ids: Sequence[int], organization: Organization, code: str, year: int) -> dict[int, Explained]:
    """The same for several students at once; the number of statements does not depend on how many.

    A student with rows at several schools below the organization is judged by the highest row, as in its cells.
    Nobody is explained in a measure that does not apply there and then.
    """
    spec, state = spec_of(code), state_of(organization)
    decides = rule_book().decides(spec, state.postal_state, year)
    if decides is None:
        return {}
    with transaction.atomic():
        rows = facts.rows(facts.Ask(spec.basis, year, state.path, tuple(student_ids)))
        places = {row["organization_id"] for row in rows}
        centers = set(
            Organization.objects.filter(pk__in=places, shared_time=True)
            .exclude(pk=organization.pk)
            .values_list("pk", flat=True)
        )
        covered = where_covered(spec, year, state, list(places))
    due = is_due(spec, year, timezone.localdate())
    found: dict[int, Explained] = {}
    for row in rows:
        student, place = row["student_id"], row["organization_id"]
        if student in found or place in centers or not row["path"].startswith(organization.path):
            continue
        found[student] = Explained(
            student,
            place,
            row,
            due and place in covered,
            evaluate(spec.counted, row, facts.FACTS),
            evaluate(decides, row, facts.FACTS),
        )
    return found


# --- in words --------------------------------------------------------------------------------------------------------
def steps(line: Line) -> int:
    """How many conditions are still missing on the shortest way."""
    if line.holds:
        return 0
    if line.op in {"fact", "not"}:
        return 1
    below = sorted(steps(one) for one in line.below)
    if line.op == "any":
        return below[0]
    return sum(below) if line.op == "all" else sum(below[: line.n])


def what_made_it(line: Line) -> str:
    """The line of the rule that made a student ready: the first way that holds, with its values."""
    if line.op == "any" or (line.op == "some" and not line.label):
        return "; ".join(what_made_it(one) for one in [below for below in line.below if below.holds][: line.n or 1])
    if line.op == "fact":
        return _said(line)
    if line.op == "not":
        # Of a way that leads nowhere it says more what is missing of it.
        of_several = line.below[0].op != "fact" and not line.label
        return what_is_missing(line.below[0]) if of_several else line.label or _not(line)
    values = ", ".join(_said(one) for one in _leaves(line) if one.holds)
    return f"{line.label}: {values}" if line.label else values


def what_is_missing(line: Line, row: dict[str, Any] | None = None) -> str:
    """What is still missing: of several ways the nearest that is begun, with ``row`` also by attempts.

    Nearest is by the fewest conditions, then by how little the numbers fall short.
    """
    if line.op == "fact":
        return _wanting(line)
    if line.op == "not":
        return what_made_it(line.below[0]) if line.below[0].op != "fact" else _not(line)
    lacking = [below for below in line.below if not below.holds]
    if line.op == "any":
        begun = [way for way in lacking if started(way, row)]
        if not begun:
            return _("Nothing begun: %(ways)s") % {"ways": ", ".join(str(one.label) for one in lacking)}
        return what_is_missing(min(begun, key=_distance), row)
    if line.op == "some":
        lacking = sorted(lacking, key=_distance)[: line.n - sum(one.holds for one in line.below)]
    words = "; ".join(what_is_missing(one, row) for one in lacking)
    return f"{line.label}: {words}" if line.label else words


def started(line: Line, row: dict[str, Any] | None = None) -> bool:
    """Whether a way is begun: part of it holds, or a number is there that is not high enough yet."""
    if line.op == "fact":
        other = (row or {}).get(_BEGUN.get(line.fact, ""))
        return bool(other) or (not isinstance(line.value, bool) and bool(line.value))
    return any(one.holds or started(one, row) for one in line.below)


def one_step_short(line: Line, row: dict[str, Any]) -> Line | None:
    """The way on which a student who is not ready yet lacks a single condition, and which is begun; else ``None``."""
    if line.holds:
        return None
    if line.op == "any":
        ways = [way for one in line.below if (way := one_step_short(one, row)) is not None]
        return min(ways, key=lambda way: (way.op == "fact", _distance(way)), default=None)
    return line if steps(line) == 1 and started(line, row) else None


def _distance(line: Line) -> tuple[int, Decimal]:
    """How far it is: conditions missing, then by what share the numbers that are there fall short."""
    return steps(line), sum((_short(leaf) for leaf in _leaves(line) if not leaf.holds), Decimal(0))


def _short(leaf: Line) -> Decimal:
    if not leaf.wanted.startswith("≥ ") or isinstance(leaf.value, bool | None | str):
        return Decimal(1)
    wanted = Decimal(leaf.wanted.removeprefix("≥ "))
    return (wanted - Decimal(str(leaf.value))) / wanted if wanted else Decimal(1)


def _not(line: Line) -> str:
    return _("Not: %(condition)s") % {"condition": line.below[0].label}


def _leaves(line: Line) -> list[Line]:
    return [line] if line.op == "fact" else [leaf for one in line.below for leaf in _leaves(one)]


def _said(line: Line) -> str:
    if isinstance(line.value, bool) or line.value is None:
        return str(line.label)
    return f"{line.label} {_value(line)}"


def _wanting(line: Line) -> str:
    if line.value is None:
        return _("%(what)s: nothing recorded") % {"what": line.label} + _asked(line)
    if isinstance(line.value, bool):
        return _("%(what)s: no") % {"what": line.label}
    return f"{line.label}: {_value(line)}" + _asked(line)


def _asked(line: Line) -> str:
    if line.fact in _LEVELS:
        return ""
    return _(" (%(wanted)s asked)") % {"wanted": line.wanted} if line.wanted else ""


def _value(line: Line) -> str:
    """A value as people say it: a level by its name, a number without zeros that say nothing."""
    if (name := _LEVELS.get(line.fact, {}).get(line.value)) is not None:
        return str(name)
    text = str(line.value)
    return text.rstrip("0").rstrip(".") if "." in text else text
