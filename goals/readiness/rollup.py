"""Run the pipeline: derive, count and sum up one state, basis and year in one transaction, and swap its cells.

Whatever was killed in the middle leaves the previous numbers standing, and is simply done again. Two runs of the same
state, basis and year wait for each other; a reader sees the cells of one run or of the other. The region's cells are
made anew in the same transaction. Locks are taken along the path from the state upward, the region's last and late:
states are counted side by side, and nobody who has the region's lock waits for a state's.
"""

from __future__ import annotations

import datetime as dt
import traceback
from collections.abc import Callable, Iterable, Sequence

import structlog
from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils import timezone

from goals import disclosure
from goals.models import Cursor, Measure, MeasureCell, RollupRun, StalePair, StudentGroup
from goals.models.measure import Basis
from goals.readiness import count, derive, looks_at, previous, region, sum_up
from goals.readiness.amounts import amounts
from goals.readiness.computed import computed
from goals.readiness.rules import rule_book
from hstw.statements import watched_transaction
from schools.models import Diploma, Enrollment, EvidenceChange, EvidenceCoverage, Organization
from schools.models.organization import Kind

log = structlog.get_logger(__name__)
_LOCK = 7_365_004
# What failed is not tried again at once, over and over.
RETRY_AFTER = dt.timedelta(minutes=10)


def roll_up(
    state: Organization, basis: Basis, year: int, *, today: dt.date | None = None, release: bool = True
) -> tuple[int, int, int]:
    """Make the numbers of one state, basis and year anew: (records, cells, cells that changed).

    What can be known of a year depends on ``today``. Without ``release`` nothing is made yet for those who read
    protected figures; the caller marks the pair, so that it follows.
    """
    with watched_transaction():
        hold(state, basis, year)
        # What is marked from here on is not in what we read: it stays marked.
        seen = EvidenceChange.objects.aggregate(last=Max("pk"))["last"] or 0
        made = derive.derive(state, basis, year, today=today)
        records = count.read(state, basis, year)
        group_ids = {bit: pk for bit, pk in StudentGroup.objects.values_list("bit", "pk") if bit is not None}
        groups = sorted(set(group_ids) & set(derive.GROUPS))
        codes = {measure.bit: measure.code for measure in computed(basis)}
        measures = sorted(codes)
        measure_ids = dict(Measure.objects.values_list("code", "pk"))
        cells = sum_up.sum_up(records, count.count(records, groups, measures), state, groups, measures, year)
        columns = [measure_ids[codes[bit]] for bit in measures]
        columns += [measure_ids[one.code] for one in amounts(basis)]
        rows = []
        for organization, table in cells.items():
            for g, group in enumerate(groups):
                for m, measure in enumerate(columns):
                    denominator, numerator = int(table[g, m, 0]), int(table[g, m, 1])
                    if denominator:
                        rows.append((organization, year, measure, group_ids[group], numerator, denominator))
        changed = _swap(state, columns, year, rows)
        if release and (changed or not disclosure.has_release(state, year, basis)):
            disclosure.protect(state, year, basis=basis)
        _roll_up_above(state, basis, year, release=release)
        StalePair.objects.filter(organization=state, basis=basis, year=year, change__lte=seen).delete()
        return made, len(rows), changed


def hold(organization: Organization, basis: Basis, year: int) -> None:
    """Wait until nobody makes these numbers, and let nobody make them until the transaction is over."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, _key(organization, basis, year)])


def _roll_up_above(state: Organization, basis: Basis, year: int, *, release: bool) -> None:
    """The region's cells anew, from what its states have now, and what is told of them."""
    above = region.region_of(state)
    if above is None:
        return
    hold(above, basis, year)
    changed = region.sum_states(above, basis, year)
    if release and (changed or not disclosure.has_release(above, year, basis)):
        disclosure.protect_region(above, year)


def _key(state: Organization, basis: Basis, year: int) -> int:
    """A number for the lock that fits into four bytes; two that share one only wait for each other."""
    return ((state.pk * len(Basis) + list(Basis).index(basis)) * 150 + (year - 1950)) % 2**31


def _swap(state: Organization, measures: list[int], year: int, rows: Sequence[tuple[int, ...]]) -> int:
    """Put the new cells in place of the old; returns how many differ."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS new_cells")
        cursor.execute(
            "CREATE TEMP TABLE new_cells (organization_id bigint, year smallint, measure_id bigint, group_id bigint,"
            " numerator int, denominator int) ON COMMIT DROP"
        )
        with cursor.copy("COPY new_cells FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        old = (
            "SELECT c.* FROM goals_measurecell c JOIN schools_organization o ON o.id = c.organization_id"
            " WHERE starts_with(o.path, %s) AND c.year = %s AND c.measure_id = ANY(%s)"
        )
        cursor.execute(
            "SELECT count(*) FROM new_cells n FULL JOIN (" + old + ") c USING (organization_id, year, measure_id,"
            " group_id) WHERE (n.numerator, n.denominator) IS DISTINCT FROM (c.numerator, c.denominator)",
            [state.path, year, measures],
        )
        changed = int(cursor.fetchone()[0])
        if changed:
            previous.remember(state, measures, year)
            cursor.execute(
                "DELETE FROM goals_measurecell c USING schools_organization o WHERE o.id = c.organization_id"
                " AND starts_with(o.path, %s) AND c.year = %s AND c.measure_id = ANY(%s)",
                [state.path, year, measures],
            )
            cursor.execute(
                "INSERT INTO goals_measurecell (organization_id, year, measure_id, group_id, numerator, denominator)"
                " SELECT organization_id, year, measure_id, group_id, numerator, denominator FROM new_cells"
            )
        return changed


# --- what is stale ---------------------------------------------------------------------------------------------------
def mark(changes: Iterable[tuple[int, int | None, int]]) -> None:
    """Mark what changed evidence can change: (organization, student, year) of each change.

    A student's row feeds the year itself and those after it that add up what went before, the class of the first ninth
    grade, and every year of leaving from then on. Numbers are made anew by state, so that former schools and every
    level above are with it.
    """
    changes = list(changes)
    if not changes:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH changed AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::int[])"
            "   AS c (organization_id, student_id, year)),"
            " placed AS (SELECT coalesce(o.in_state_id, o.id) AS state, c.student_id, c.year FROM changed c"
            "   JOIN schools_organization o ON o.id = c.organization_id),"
            " pairs AS (SELECT state, 'year' AS basis, year FROM placed"
            "   UNION SELECT p.state, 'year', e.year FROM placed p"
            "   JOIN schools_enrollment e ON e.student_id = p.student_id AND e.grade IN ('10', '11')"
            "   AND e.year BETWEEN p.year + 1 AND p.year + %s"
            "   UNION SELECT p.state, 'class', s.grade_9_year + 3 FROM placed p"
            "   JOIN schools_student s ON s.id = p.student_id WHERE s.grade_9_year IS NOT NULL"
            "   UNION SELECT p.state, 'leaver', e.year FROM placed p"
            "   JOIN schools_enrollment e ON e.student_id = p.student_id AND e.year >= p.year - 1"
            "   AND e.grade IN ('09', '10', '11', '12')"
            "   UNION SELECT p.state, 'senior', e.year FROM placed p JOIN schools_organization s ON s.id = p.state"
            "   JOIN goals_ruleset r ON r.state = s.postal_state AND r.denominator = 'graduates_and_seniors'"
            "   JOIN schools_enrollment e ON e.student_id = p.student_id AND e.year >= p.year - 1"
            "   AND e.grade IN ('09', '10', '11', '12'))"
            " INSERT INTO goals_stalepair (organization_id, basis, year, change, marked_at)"
            " SELECT state, basis, year, coalesce((SELECT max(id) FROM schools_evidencechange), 0), now() FROM pairs"
            " WHERE year IS NOT NULL"
            " ON CONFLICT (organization_id, basis, year) DO UPDATE SET change = EXCLUDED.change,"
            " marked_at = EXCLUDED.marked_at",
            [
                [organization for organization, _student, _year in changes],
                [student for _organization, student, _year in changes],
                [year for _organization, _student, year in changes],
                max(looks_at.SO_FAR.values()) - 1,
            ],
        )


def mark_covered(changes: Iterable[tuple[int, int, str]]) -> None:
    """Mark what an import may have made known, or no longer known, of others: (organization, year, kind) of changes.

    What is looked back at decides whether the leavers and classes of the years after are counted at all, also of
    students who have no row in the file.
    """
    years = sorted({(organization, year) for organization, year, kind in changes if looks_at.is_looked_back_at(kind)})
    if not years:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH placed AS (SELECT DISTINCT coalesce(o.in_state_id, o.id) AS state, c.year"
            "   FROM unnest(%s::bigint[], %s::int[]) AS c (organization_id, year)"
            "   JOIN schools_organization o ON o.id = c.organization_id),"
            " later AS (SELECT DISTINCT p.state, n AS year FROM placed p, generate_series(p.year + 1, p.year + %s) n),"
            " there AS (SELECT l.state, l.year FROM later l WHERE EXISTS (SELECT FROM schools_enrollment e"
            "   JOIN schools_organization o ON o.id = e.organization_id WHERE e.year = l.year"
            "   AND o.in_state_id = l.state AND e.grade IN ('09', '10', '11', '12')))"
            " INSERT INTO goals_stalepair (organization_id, basis, year, change, marked_at)"
            " SELECT t.state, b, t.year, coalesce((SELECT max(id) FROM schools_evidencechange), 0), now()"
            " FROM there t, unnest(%s::text[]) b"
            " ON CONFLICT (organization_id, basis, year) DO UPDATE SET change = EXCLUDED.change,"
            " marked_at = EXCLUDED.marked_at",
            [
                [organization for organization, _year in years],
                [year for _organization, year in years],
                looks_at.BACK,
                [str(basis) for basis in Basis if basis != Basis.YEAR],
            ],
        )


def mark_state(state: Organization) -> None:
    """Mark everything of a state: what does not come from evidence may have changed any of its sums."""
    mark_pairs((state, basis, year) for basis, year in pairs_of(state))


def mark_pairs(pairs: Iterable[tuple[Organization, Basis, int]]) -> None:
    """Mark states, bases and years, so that the workers make their numbers anew."""
    last = EvidenceChange.objects.aggregate(last=Max("pk"))["last"] or 0
    StalePair.objects.bulk_create(
        [
            StalePair(organization=state, basis=basis, year=year, change=last, marked_at=timezone.now())
            for state, basis, year in pairs
        ],
        update_conflicts=True,
        unique_fields=["organization", "basis", "year"],
        update_fields=["change", "marked_at"],
    )


def mark_new(batch: int = 200_000) -> int:
    """Mark what changed since the last time; returns how many changes of evidence were looked at."""
    with transaction.atomic():
        cursor_row, _made = Cursor.objects.select_for_update().get_or_create(name="evidence")
        with connection.cursor() as cursor:
            # Only changes of transactions that are over: an open one may hold a lower number.
            cursor.execute(
                "SELECT id, organization_id, student_id, year, kind FROM schools_evidencechange"
                " WHERE id > %s AND xact < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY id LIMIT %s",
                [cursor_row.position, batch],
            )
            rows = cursor.fetchall()
        mark((organization, student, year) for _pk, organization, student, year, _kind in rows)
        mark_covered((organization, year, kind) for _pk, organization, _student, year, kind in rows)
        if rows:
            cursor_row.position = rows[-1][0]
            cursor_row.save(update_fields=["position"])
    return len(rows)


def stale() -> list[StalePair]:
    """What is to be counted again now, the longest waiting first; what failed lately waits for its time."""
    waiting = StalePair.objects.filter(marked_at__lte=timezone.now())
    return list(waiting.select_related("organization").order_by("marked_at", "pk"))


def pairs_of(state: Organization) -> list[tuple[Basis, int]]:
    """Every basis and year of a state that can have figures, or has some that may have to go.

    Nobody is counted in a year whose rosters are not loaded, whatever else is: every measure names them.
    """
    years = Enrollment.objects.filter(organization__path__startswith=state.path).aggregate(
        first=Min("year"), last=Max("year")
    )
    last_diploma = Diploma.objects.filter(organization__path__startswith=state.path).aggregate(last=Max("year"))["last"]
    if years["first"] is None:
        return []
    span = range(years["first"], years["last"] + 1)
    book = rule_book()
    classes = range(years["first"], max(years["last"], last_diploma or 0) + 4)
    possible = (
        [(Basis.YEAR, year) for year in span]
        + [(Basis.CLASS, year) for year in classes]
        + [(Basis.LEAVER, year) for year in span]
        + [(Basis.SENIOR, year) for year in span if book.has(state.postal_state, "graduates_and_seniors", year)]
    )
    loaded = set(
        EvidenceCoverage.objects.filter(organization__path__startswith=state.path, kind="enrollment")
        .values_list("year", flat=True)
        .distinct()
    )
    there = {
        (Basis(basis), year)
        for basis, year in MeasureCell.objects.filter(organization=state)
        .values_list("measure__basis", "year")
        .distinct()
    }
    return [(basis, year) for basis, year in possible if year in loaded or (basis, year) in there]


def run(
    pairs: Iterable[tuple[Organization, Basis, int]],
    *,
    reason: str,
    say: Callable[[str], None] = lambda text: None,
    only_stale: bool = False,
    today: dt.date | None = None,
    released: Callable[[int], bool] = lambda year: True,
) -> RollupRun:
    """Make the numbers of many pairs anew, each in its own transaction, and keep a record of the run.

    ``released``: of which years what may be told is made with them, as for :func:`roll_up`.

    ``only_stale``: a pair that another worker has, or has done meanwhile, is passed over. A pair that fails stays
    marked and is tried again :data:`RETRY_AFTER` later.
    """
    work = list(pairs)
    record = RollupRun.objects.create(reason=reason, scope=", ".join(sorted({o.name for o, _b, _y in work}))[:200])
    failed = []
    for done, (state, basis, year) in enumerate(work, start=1):
        try:
            with watched_transaction():
                if only_stale and not _claimed(state, basis, year):
                    continue
                records, cells, changed = roll_up(state, basis, year, today=today, release=released(year))
        except Exception as error:
            log.exception("rollup failed", state=state.pk, basis=basis, year=year)
            failed.append(f"{state.name} {basis} {year}: {type(error).__name__}\n{traceback.format_exc(limit=3)}")
            again = timezone.now() + RETRY_AFTER
            StalePair.objects.update_or_create(
                organization=state, basis=basis, year=year, defaults={"marked_at": again}
            )
            continue
        record.pairs, record.records = record.pairs + 1, record.records + records
        record.cells, record.changed = record.cells + cells, record.changed + changed
        record.save()
        say(f"{done} of {len(work)}: {state.name}, {basis} {year}: {records:,} records, {changed:,} cells changed")
    record.state = RollupRun.State.FAILED if failed else RollupRun.State.DONE
    record.error = "\n".join(failed)
    record.finished_at = timezone.now()
    record.save()
    return record


def _claimed(state: Organization, basis: Basis, year: int) -> bool:
    """Hold a stale pair to the end of the transaction; false where another worker has it, or nobody needs to."""
    waiting = StalePair.objects.select_for_update(skip_locked=True).filter(organization=state, basis=basis, year=year)
    return waiting.first() is not None


def states() -> list[Organization]:
    """The states whose numbers are kept."""
    return list(Organization.objects.filter(kind=Kind.STATE))
