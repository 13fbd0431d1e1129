"""Frozen documents: what was, in a form that nothing changes afterwards and that anybody can check."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical(document: Any) -> str:
    """The one text of a document: keys in order, no spaces, UTF-8. Holds text, whole numbers, yes and no, lists."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def checksum(document: Any) -> str:
    """SHA-256 of the canonical text, as hexadecimal digits."""
    return hashlib.sha256(canonical(document).encode()).hexdigest()
