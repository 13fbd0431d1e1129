"""What an import did or would do, as one document: for ``--json`` and for whoever keeps the numbers elsewhere."""

from __future__ import annotations

from typing import Any

from schools.imports import registry
from schools.models import ImportBatch


def document(batch: ImportBatch) -> dict[str, Any]:
    """The import as JSON can hold it; no names of students."""
    return {
        "import": batch.pk,
        "id": str(batch.public_id),
        "file": batch.source,
        "sha256": batch.sha256,
        "organization": batch.organization.slug,
        "year": batch.year,
        "kind": batch.kind,
        "completeness": batch.completeness,
        "state": batch.state,
        "rows": batch.rows_read,
        "counts": batch.counts,
        "problems": [
            {
                "cause": problem.cause,
                "severity": problem.severity,
                "text": problem.text,
                "advice": problem.advice,
                "count": problem.count,
                "places": problem.places,
            }
            for problem in batch.problems.all()
        ],
        "guard": batch.guard,
        "refusal": batch.refusal,
        "notes": batch.preview.get("notes", []),
        "schools": batch.preview.get("schools", []),
        "covers": batch.preview.get("covers", []),
    }


def lines(batch: ImportBatch) -> list[str]:
    """The same for a terminal."""
    told = [f"{batch.source}: {_title(batch)}, for {batch.organization.name}, {batch.get_state_display().lower()}"]
    if batch.refusal:
        told.append(batch.refusal)
    for code, counts in batch.counts.items():
        said = ", ".join(f"{counts[name]:,} {name}" for name in ("new", "changed", "gone", "unchanged"))
        left = f"; {counts['refused']:,} left out" if counts.get("refused") else ""
        told.append(f"  {registry.target(code).plural}: {said}{left}")
    for school in batch.preview.get("schools", []):
        told.append(f"  new school: {school['name']}")
    for problem in batch.problems.all():
        told.append(f"  {problem.count:,} × {problem.text}")
        for place in problem.places:
            told.append(f"      {place['file']} line {place['line']} {place['column']} {place['value']!r}".rstrip())
        if problem.advice:
            told.append(f"      {problem.advice}")
    told += [f"  {note}" for note in batch.preview.get("notes", [])]
    if batch.guard.get("stopped"):
        guard = batch.guard
        told.append(
            f"Stopped: {guard['what']}: {guard['number']:,} of {guard['of']:,} ({guard['share']:.0%})."
            f" To go on: --confirm {guard['number']}"
        )
    return told


def _title(batch: ImportBatch) -> str:
    try:
        return str(registry.layout(batch.kind).title)
    except KeyError:
        return batch.kind or "?"
