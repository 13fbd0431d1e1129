"""What a worker does with an import: read it, or apply it.

Reading is one transaction, applying another: a worker that is killed leaves neither behind, and whoever finds the
import next begins that step again.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import structlog
from django.conf import settings
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg import errors

from hstw import files
from hstw.access import decide
from hstw.statements import watched_transaction
from hstw.values import SchoolYear
from schools.imports import coverage, guard, identity, lease, locks, registry, run, samples, stage
from schools.imports.apply import apply as write
from schools.imports.compare import Comparison, compare, report_left_alone
from schools.imports.detect import detect
from schools.imports.places import NewSchool, Places
from schools.imports.problems import FileRefused, Problems
from schools.imports.read.source import open_source
from schools.imports.stage import StagedTarget, Staging
from schools.imports.values import DAY_MONTH_ORDER
from schools.models import Correction, ImportBatch, ImportProblem, Organization
from schools.models.imports import AT_WORK, Completeness, ImportState

log = structlog.get_logger(__name__)

# How often an import is applied anew that met another one.
TRIES = 4


def work(batch_id: int, *, beating: bool = True) -> ImportBatch | None:
    """Do the next step of an import: read or apply it. ``None`` where another worker has it or nothing is to do."""
    batch = lease.take(batch_id)
    if batch is None:
        return None
    try:
        if batch.cancel_requested_at is not None:
            _end(batch, ImportState.CANCELLED)
        elif batch.attempts > lease.ATTEMPTS:
            _refuse(
                batch, FileRefused(_("This import failed several times."), _("Nothing was changed. Load it again."))
            )
        elif batch.state == ImportState.APPLYING:
            _apply(batch, beating)
        else:
            _read(batch, beating)
    finally:
        lease.give_back(batch)
    return batch


def _read(batch: ImportBatch, beating: bool) -> None:
    ImportBatch.objects.filter(pk=batch.pk).update(state=ImportState.READING)
    problems = Problems()
    beat = lease.Heartbeat(batch, beating=beating)
    with _stopped(batch, beat, problems), beat, watched_transaction():
        staging, places, notes = _stage(batch, problems, beat)
        beat.enter(_("Comparing with what is there"))
        _compare(batch, staging, places, problems, notes)
        beat.enter(_("Finishing"))
        _keep(batch, problems)


def _save(batch: ImportBatch) -> None:
    """Save what a step found; what the heartbeat and people write meanwhile is theirs."""
    fields = [field.name for field in batch._meta.concrete_fields if not field.primary_key]
    batch.save(update_fields=[name for name in fields if name not in lease.FIELDS])


def _stage(batch: ImportBatch, problems: Problems, beat: lease.Heartbeat) -> tuple[Staging, Places, list[str]]:
    """Open the file, find its kind, and stage its rows."""
    stage.drop(batch.pk)
    staging = Staging(batch.pk)
    if batch.file is None or not files.path(batch.file).is_file():
        raise FileRefused(_("The file of this import is no longer kept."), _("Load it again."))
    beat.enter(_("Opening the file"))
    with open_source(files.path(batch.file), batch.source, problems) as source:
        layout = detect(source.contents, batch.kind or None)
        batch.kind = layout.code
        _may_load(batch, layout)
        places = Places(batch.organization, layout.finds)
        reading = registry.Reading(
            tables=source.tables,
            organization=batch.organization,
            year=SchoolYear(batch.year or SchoolYear.on(timezone.localdate())),
            places=places,
            problems=problems,
            sink=staging,
            say=beat.say,
        )
        hints = [table.rows_hint for table in source.tables.values()]
        beat.enter(_("Reading"), sum(hint or 0 for hint in hints) or None)
        layout.read(reading)
    batch.rows_read = beat.rows_done
    batch.completeness = reading.completeness or layout.completeness
    if batch.preview.get("complete") and reading.completeness is None:
        batch.completeness = Completeness.REPLACES
    if problems.has(DAY_MONTH_ORDER):
        raise FileRefused(
            _("Dates in this file have the day before the month"),
            _("Write dates as 2026-05-13, or month first: with both orders in use, no date is sure."),
        )
    if not any(staged.rows for staged in staging.targets.values()):
        raise FileRefused(_("None of the rows of this file can be loaded"), _worst(problems))
    if places.repaired:
        reading.notes.append(
            _("Schools were found by ids that had lost their leading zeros: %(n)d.") % {"n": places.repaired}
        )
    # Why it is read once more, where it is, goes on being said.
    return staging, places, [*batch.preview.get("notes", []), *reading.notes]


def _worst(problems: Problems) -> str:
    found = problems.all()
    return f"{found[0].text}. {found[0].advice}" if found else ""


def _may_load(batch: ImportBatch, layout: registry.Layout) -> None:
    """A file found to be of another kind needs that kind's right, and an organization that it is meant for."""
    if batch.organization.kind not in layout.kinds:
        raise FileRefused(
            _("“%(kind)s” is not loaded for a %(organization)s")
            % {"kind": layout.title, "organization": batch.organization.get_kind_display().lower()},
            _("Switch to an organization of another kind on the bar above."),
        )
    if batch.loaded_by is not None:
        decision = decide(batch.loaded_by, layout.needs, batch.organization)
        if not decision:
            raise FileRefused(_("This is a file of the kind “%(kind)s”") % {"kind": layout.title}, decision.reason)


def _compare(
    batch: ImportBatch,
    staging: Staging,
    places: Places | None,
    problems: Problems,
    notes: list[str],
) -> None:
    """Compare what is staged, and write what the preview shows onto the batch (not yet saved)."""
    seen = _seen(batch.organization)
    identity.identify(staging, identity.Scope.of(batch.organization), problems)
    held = problems.nameless_rows > 0 or bool(batch.preview.get("held"))
    left_out = frozenset(problems.left_out)
    comparisons = compare(
        staging,
        batch.organization,
        problems,
        completeness=Completeness(batch.completeness),
        hold_gone=held,
        left_out=left_out,
    )
    report_left_alone(comparisons, problems)
    if held and batch.completeness == Completeness.REPLACES:
        notes = [
            *notes,
            _("Some rows could not be read and name nobody, so nothing is ended or removed: anybody may be missing."),
        ]
    elif left_out and batch.completeness == Completeness.REPLACES:
        notes = [*notes, _("Students whose rows could not be read stay as they are: nothing of theirs is ended.")]
    new_schools = [vars(school) for school in places.new] if places is not None else batch.preview.get("schools", [])
    names = {school["id"]: school["name"] for school in new_schools}
    batch.counts = {one.staged.target.code: one.as_json() for one in comparisons}
    batch.guard = guard.measure(comparisons, Completeness(batch.completeness))
    batch.preview = {
        "complete": batch.preview.get("complete"),
        "held": held,
        "columns": {staged.target.code: list(staged.columns) for staged in staging.targets.values()},
        "rows": {code: stage.filled(batch.pk, f"{code}_diff") for code in staging.targets},
        "seen": seen,
        "samples": samples.samples(comparisons, names),
        "corrections": samples.corrections(comparisons),
        "schools": new_schools,
        "notes": notes,
        "covers": _covers(batch, comparisons, names),
    }


def _covers(batch: ImportBatch, comparisons: list[Comparison], new: Mapping[int, str]) -> list[dict[str, Any]]:
    rows = coverage.covered(batch, comparisons)
    names = dict(
        Organization.objects.filter(pk__in={row.organization_id for row in rows}).values_list("pk", "name")
    ) | dict(new)
    return [
        {
            "organization": names.get(row.organization_id, ""),
            "kind": row.kind,
            "label": coverage.label(row.kind),
            "year": row.year,
            "through": row.through.isoformat(),
        }
        for row in sorted(rows, key=lambda row: (names.get(row.organization_id, ""), row.year, row.kind))
    ]


def _keep(batch: ImportBatch, problems: Problems) -> None:
    """Save the preview with the state that shows it."""
    lease.check_ours(batch, ImportState.READING)
    _save_problems(batch, problems)
    rejected = problems.rejected_file()
    if rejected is not None:
        batch.rejected = files.store(rejected, f"left-out-{batch.source}.csv", batch.loaded_by)
    batch.state = ImportState.PREVIEWED
    batch.refusal = ""
    _save(batch)


def _save_problems(batch: ImportBatch, problems: Problems) -> None:
    """Put the problems of this reading in the place of those of an earlier one."""
    batch.problems.all().delete()
    ImportProblem.objects.bulk_create(
        ImportProblem(
            batch=batch,
            cause=one.cause,
            severity=one.severity,
            text=one.text,
            advice=one.advice,
            count=one.count,
            places=[vars(place) for place in one.places],
        )
        for one in problems.all()
    )


def _apply(batch: ImportBatch, beating: bool) -> None:
    problems = Problems()
    beat = lease.Heartbeat(batch, beating=beating)
    with _stopped(batch, beat, problems), beat:
        for tries_left in reversed(range(TRIES)):
            try:
                with watched_transaction():
                    if not locks.is_free(batch.organization):
                        beat.enter(_("Waiting for another import of the same organization"))
                    locks.hold(batch.organization)
                    # Whoever had it before may have finished while we waited.
                    fresh = ImportBatch.objects.get(pk=batch.pk)
                    if fresh.state != ImportState.APPLYING:
                        return
                    beat.enter(_("Applying"))
                    _apply_in_transaction(batch, problems, beat)
                return
            except (IntegrityError, OperationalError) as error:
                if not tries_left or not _met_another(batch, error):
                    raise
                batch.refresh_from_db()


def _met_another(batch: ImportBatch, error: Exception) -> bool:
    """Whether an import beside this one is why it failed: districts share their state's students.

    Then it is compared and applied again, as if it had come after the other.
    """
    if isinstance(error, OperationalError):
        return isinstance(error.__cause__, errors.DeadlockDetected)
    return bool(_seen(batch.organization) != batch.preview.get("seen"))


def _apply_in_transaction(batch: ImportBatch, problems: Problems, beat: lease.Heartbeat) -> None:
    columns: dict[str, list[str]] = batch.preview.get("columns", {})
    if not columns or not _still_staged(batch):
        _look_again(batch, _("The file was read again after a restart of the server. Look at it once more."))
        return
    staging = Staging(batch.pk)
    for code, names in columns.items():
        staging.targets[code] = StagedTarget(batch.pk, registry.target(code), tuple(names), rows=1)
    if _seen(batch.organization) != batch.preview.get("seen"):
        before = (batch.counts, batch.guard.get("number"))
        _compare(batch, staging, None, problems, batch.preview["notes"])
        if (batch.counts, batch.guard.get("number")) != before:
            batch.confirmed_by = None
            batch.preview["notes"] = [
                *batch.preview["notes"],
                _("What is in the product changed after you looked. These are the new numbers: apply once more."),
            ]
            lease.check_ours(batch, ImportState.APPLYING)
            batch.state = ImportState.PREVIEWED
            _save(batch)
            return
    comparisons = [Comparison(staging.targets[code]) for code in columns]
    write(batch, comparisons, [NewSchool(**school) for school in batch.preview["schools"]])
    with connection.cursor() as cursor:
        # Checked now, while it can still be stopped, and not by the commit.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    beat.check()
    lease.check_ours(batch, ImportState.APPLYING)
    now = timezone.now()
    batch.state = ImportState.APPLIED
    batch.applied_at = now
    batch.before_images_until = now + dt.timedelta(days=settings.HSTW_BEFORE_IMAGE_DAYS)
    _save(batch)
    stage.drop(batch.pk)


def _still_staged(batch: ImportBatch) -> bool:
    """Whether what was compared is still there: a crash of the server empties tables like these and leaves them."""
    return all(
        stage.exists(batch.pk, f"{code}_diff") and (stage.filled(batch.pk, f"{code}_diff") or not rows)
        for code, rows in batch.preview.get("rows", {}).items()
    )


def _look_again(batch: ImportBatch, note: str) -> None:
    """Back to reading; the person sees a new preview."""
    lease.check_ours(batch, ImportState.APPLYING)
    batch.preview = {"complete": batch.preview.get("complete"), "notes": [note]}
    batch.state = ImportState.WAITING
    _save(batch)
    transaction.on_commit(lambda: run.send(batch.pk), robust=True)


def _seen(organization: Organization) -> list[int]:
    """How much was applied, undone and corrected near an import so far: taken before it is compared, and again later.

    Numbers that grow together with what they count, so that nothing is missed that was under way meanwhile: times
    would say when it was done, not when it could be seen. Undo takes back ends of corrections and counts itself.
    """
    state = organization.in_state or organization
    near = ImportBatch.objects.filter(organization__path__startswith=state.path)
    corrected = Correction.objects.filter(organization__path__startswith=organization.path)
    return [
        near.filter(applied_at__isnull=False).count(),
        near.filter(undone_at__isnull=False).count(),
        corrected.count(),
        corrected.filter(ended_at__isnull=False).count(),
    ]


@contextlib.contextmanager
def _stopped(batch: ImportBatch, beat: lease.Heartbeat, problems: Problems) -> Iterator[None]:
    """However a step ends, the row says so, in words; nothing of an ended step is left in the database."""
    try:
        yield
    except FileRefused as refused:
        _refuse(batch, refused, problems)
    except lease.Cancelled:
        _end(batch, ImportState.CANCELLED)
    except lease.Lost:
        log.warning("another worker has the import", batch=batch.pk)
    except OperationalError as error:
        if not isinstance(error.__cause__, errors.QueryCanceled):
            raise
        try:
            beat.check()
        except lease.Cancelled:
            _end(batch, ImportState.CANCELLED)
        except lease.Lost:
            log.warning("another worker has the import", batch=batch.pk)
        else:
            raise
    except IntegrityError as error:
        log.exception("import met a constraint", batch=batch.pk)
        _refuse(
            batch,
            FileRefused(
                _("The file contradicts what is there in a way that was not foreseen"),
                _("Nothing was changed. Tell your administrator: %(what)s") % {"what": _constraint(error)},
            ),
        )


def _constraint(error: IntegrityError) -> str:
    """The name of the constraint: never the row, which may hold a student's data."""
    cause = error.__cause__
    return (getattr(getattr(cause, "diag", None), "constraint_name", None) or type(error).__name__) if cause else ""


def _refuse(batch: ImportBatch, refused: FileRefused, problems: Problems | None = None) -> None:
    kind = batch.kind
    batch.refresh_from_db()
    batch.kind = kind
    batch.refusal = f"{refused.text.rstrip('.')}. {refused.advice}".strip()
    if problems is not None:
        _save_problems(batch, problems)
    _end(batch, ImportState.REFUSED)


def _end(batch: ImportBatch, state: ImportState) -> None:
    batch.state = state
    ours = ImportBatch.objects.filter(pk=batch.pk, worker=lease.me(), state__in=AT_WORK)
    if ours.update(state=state, refusal=batch.refusal, kind=batch.kind):
        stage.drop(batch.pk)
