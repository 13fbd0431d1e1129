"""Reads a layout file: TOML in, a layout for the registry out.

Whatever is wrong with a layout file is said at start-up, with the file and the place in it, never at the first upload.
:mod:`schools.imports.mapping.spec` says what each of its words means.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from schools.imports import registry
from schools.imports.mapping.check import Checker, LayoutError
from schools.imports.mapping.read import Detector, Reader

__all__ = ["LayoutError", "layout", "load"]


def load(path: Path) -> registry.Layout:
    """The layout that a file describes; raises :class:`LayoutError`."""
    with path.open("rb") as stream:
        try:
            said = tomllib.load(stream)
        except tomllib.TOMLDecodeError as error:
            raise LayoutError(f"{path.name}: not TOML: {error}") from None
    return layout(said, path.name)


def layout(said: Mapping[str, Any], name: str) -> registry.Layout:
    """The same, of a file that has been read; ``name`` is for messages."""
    spec, kinds = Checker(name).file(said)
    return registry.Layout(
        code=spec.code,
        title=_(spec.title),
        source=_(spec.source),
        completeness=spec.completeness,
        targets=tuple(dict.fromkeys(rows.target.code for rows in spec.rows)),
        detects=Detector(spec),
        read=Reader(spec),
        kinds=kinds,
        help=_(spec.help) if spec.help else "",
        template=spec.template,
        year_means=_(spec.year_means) if spec.year_means else "",
    )
