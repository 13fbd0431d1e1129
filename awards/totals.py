"""The one formula of a total: weights of what applies, and how much of each was given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Share:
    """A criterion's weight and how much of its bands was given; ``None`` where it does not apply."""

    weight: Decimal
    part: Decimal | None


def total(shares: Iterable[Share]) -> Decimal | None:
    """Out of 100: what does not apply is left out above and below; ``None`` where nothing applies."""
    judged = [(one.weight, one.part) for one in shares if one.part is not None]
    below = sum((weight for weight, _part in judged), Decimal(0))
    if not below:
        return None
    above = sum((weight * part for weight, part in judged), Decimal(0))
    return (100 * above / below).quantize(CENT, ROUND_HALF_UP)
