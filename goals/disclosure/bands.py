"""How a rate is shown at a given size of group: banded codes at the top and the bottom, else whole percents.

The bands and codes are those of the NCES practice (domain, section 4.2). From ten students on, a coded count can
still take three values.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Lower end of the band of sizes, and the percent at and below which, or from a hundred minus it on, a rate is coded.
BANDS: tuple[tuple[int, int], ...] = ((10, 20), (21, 10), (41, 5), (101, 2), (301, 1))
_STARTS = np.array([start for start, _code in BANDS])
_CODES = np.array([code for _start, code in BANDS])

Array = NDArray[np.int64]


def size_band(start: int) -> tuple[int, int | None]:
    """The first and last size of a band, by its first; the last band has no end."""
    starts = [one for one, _code in BANDS]
    after = starts.index(start) + 1
    return start, (starts[after] - 1 if after < len(starts) else None)


def band(size: Array) -> Array:
    """The lower end of the band of each size from ten on."""
    return _STARTS[np.searchsorted(_STARTS, size, "right") - 1]


def code(size: Array) -> Array:
    """The percent of the code in force at each size from ten on."""
    return _CODES[np.searchsorted(_STARTS, size, "right") - 1]


def whole_percent(numerator: Array, denominator: Array) -> Array:
    """Whole percents, half up; denominators are not zero."""
    return (200 * numerator + denominator) // (2 * denominator)


def is_bottom(numerator: Array, denominator: Array) -> NDArray[np.bool_]:
    """Whether each rate is at or below the bottom code of its size."""
    return 100 * numerator <= code(denominator) * denominator


def is_top(numerator: Array, denominator: Array) -> NDArray[np.bool_]:
    """Whether each rate is at or above the top code of its size."""
    return 100 * (denominator - numerator) <= code(denominator) * denominator
