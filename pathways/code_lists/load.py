"""Load one list, or all that are shipped."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from pathways.code_lists.lists import LISTS, CodeList
from pathways.code_lists.read import CodeListError, read
from pathways.code_lists.write import Difference, in_force, write
from pathways.models import CodeListLoad

_LOCK = 0x48535457_0002  # the advisory lock of code lists
# An edition does not lose its codes: a file that would end more than this share of them is cut off.
MAY_END = 0.05


@dataclass(frozen=True)
class Loaded:
    """What a load did: how many codes the file has, and what was written. ``kept`` says why nothing was tried."""

    name: str
    codes: int
    difference: Difference
    kept: str = ""


def load(
    name: str,
    path: Path | None = None,
    *,
    edition: str = "",
    encoding: str = "utf-8",
    at: dt.datetime | None = None,
) -> Loaded:
    """Load the list of this name from the file (or, for descriptors, folder) ``path``, or from what is shipped.

    ``edition`` is that of the file, where it is another than the one this version knows. Raises
    :class:`CodeListError`; the database is then as it was.
    """
    wanted = LISTS[name]
    chosen = path or wanted.path
    if chosen is None:
        raise CodeListError(f"{wanted.title}: not shipped ({wanted.licence}). Say --from with the folder it is in.")
    edition = edition or wanted.edition
    files = [chosen] if not chosen.is_dir() else find(wanted, chosen)
    if not files:
        raise CodeListError(f"{chosen}: no file of {wanted.title} in it ({', '.join(wanted.files)}).")
    found = read(wanted, files, edition=edition, encoding=encoding)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        before, loaded = in_force(wanted), CodeListLoad.objects.filter(list=name).first()
        difference = write(wanted, found.rows, edition=edition)
        if loaded is not None and loaded.edition == edition and difference.ended > before * MAY_END:
            raise CodeListError(
                f"{chosen.name} lacks {difference.ended:,} of {before:,} codes of {wanted.title}, edition {edition}: "
                "it is probably cut off. If it is another edition, say which with --edition."
            )
        now = {
            "edition": edition,
            "source": wanted.source if edition == wanted.edition else f"{wanted.source}, edition {edition}",
            "licence": wanted.licence,
            "credit": wanted.credit,
            "file": chosen.name,
            "shipped": path is None,
            "sha256": found.sha256,
            "codes": len(found.rows),
        }
        if loaded is None or any(getattr(loaded, field) != value for field, value in now.items()):
            CodeListLoad.objects.update_or_create(list=name, defaults={**now, "loaded_at": at or timezone.now()})
    return Loaded(name, len(found.rows), difference)


def find(wanted: CodeList, folder: Path) -> list[Path]:
    """The files of a list in a folder: one table, or any number of Ed-Fi's files; empty where there is none.

    Raises :class:`CodeListError` where several tables could be meant.
    """
    for pattern in wanted.files:
        files = sorted(folder.glob(pattern))
        if len(files) > 1 and not pattern.endswith(".xml"):
            names = ", ".join(path.name for path in files[:5])
            raise CodeListError(
                f"{folder}: more than one file of {wanted.title} ({names}). Name the one that is meant."
            )
        if files:
            return files
    return []


def load_shipped(*, at: dt.datetime | None = None) -> list[Loaded]:
    """Load every list that comes with the product, but leave alone those that somebody loaded from a path."""
    elsewhere = dict(CodeListLoad.objects.filter(shipped=False).values_list("list", "file"))
    done = []
    for name, wanted in LISTS.items():
        if not wanted.shipped:
            continue
        if name in elsewhere:
            done.append(Loaded(name, 0, Difference(0, 0, 0), kept=elsewhere[name]))
        else:
            done.append(load(name, at=at))
    return done
