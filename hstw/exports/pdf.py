"""Documents as tagged PDF (PDF/UA-1), set by Typst: a template of ours, and data that is never taken for markup.

A template is ``templates/pdf/<name>.typ``. It imports ``base.typ``, which reads the data from the input ``data`` (JSON)
and sets what all documents share. Everything that people wrote comes in as strings, so that nothing of it is run.
The same data makes the same bytes: no date is written into the file but those that the data has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import typst
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder


class PdfError(Exception):
    """A document that could not be set: the template is wrong, or what it asks for is not in the data."""


def pdf(name: str, data: Mapping[str, Any]) -> bytes:
    """The document that the template makes of ``data``.

    ``data`` holds what JSON can, dates and decimals (as text) besides; ``title`` and ``language`` are asked of all.
    Raises :class:`PdfError`.
    """
    root = settings.BASE_DIR / "templates" / "pdf"
    try:
        made = typst.compile(
            str(root / f"{name}.typ"),
            root=str(root),
            format="pdf",
            sys_inputs={"data": json.dumps(data, cls=DjangoJSONEncoder)},
            pdf_standards=["ua-1"],
            # The fonts that come with it: the same pages on every machine.
            ignore_system_fonts=True,
        )
    except RuntimeError as error:
        raise PdfError(f"{name}: {error}") from error
    assert isinstance(made, bytes)
    return made
