"""The layouts that come with the product: every file in ``layouts/``."""

from __future__ import annotations

from pathlib import Path

from schools.imports import oneroster, recognized, registry
from schools.imports.layout_file import load

LAYOUTS = Path(__file__).parent / "layouts"


def register_all() -> None:
    """Make every layout of the product known: the layout files, OneRoster, and kinds that are recognized only."""
    known = {layout.code for layout in registry.layouts()}
    found = [load(path) for path in sorted(LAYOUTS.glob("*.toml"))]
    found += [oneroster.ONEROSTER, *recognized.RECOGNIZED]
    registry.register(*[layout for layout in found if layout.code not in known])
