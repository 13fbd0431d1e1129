"""The bar and the side navigation, the same on every page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def context(request: HttpRequest) -> dict[str, Any]:
    """Template context for ``base.html``."""
    return {}
