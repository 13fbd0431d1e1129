"""Disclosure control: what a release may show, so that no small group can be worked out from it (design, section 5)."""

from goals.disclosure.bands import size_band
from goals.disclosure.preferences import settings_of

__all__ = ["settings_of", "size_band"]
