"""Disclosure control: what a release may show, so that no small group can be worked out from it (design, section 5)."""

from goals.disclosure.bands import size_band
from goals.disclosure.preferences import minimum_of, settings_of
from goals.disclosure.region import protect_region
from goals.disclosure.release import has_release, protect, publish

__all__ = ["has_release", "minimum_of", "protect", "protect_region", "publish", "settings_of", "size_band"]
