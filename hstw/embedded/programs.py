"""Copies of the wheels' programs, for root's servers."""

import os
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path

from hstw.embedded.locks import exclusive
from hstw.embedded.places import SYSTEM_HOME
from hstw.embedded.words import Say

PROGRAMS = SYSTEM_HOME / "programs"


def copied(source: Path, parts: Sequence[Path], name: str, say: Say) -> Path:
    """A copy of these parts of `source` that every account can read, made once per version."""
    target = PROGRAMS / name
    if target.exists():
        return target
    for folder in (SYSTEM_HOME, PROGRAMS):
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o755)
    with exclusive(PROGRAMS):
        if target.exists():
            return target
        say(f"Copying the server's programs to {target}")
        draft = target.with_name(f".{name}")
        shutil.rmtree(draft, ignore_errors=True)
        for part in parts:
            if (source / part).is_dir():
                shutil.copytree(
                    source / part,
                    draft / part,
                    ignore=shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a"),
                )
            elif (source / part).exists():
                (draft / part).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source / part, draft / part)
        for path in [draft, *draft.rglob("*")]:
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        os.sync()  # a power cut must not leave the name without the contents
        draft.rename(target)
    return target
