"""What is being built: the size, the seed, the day, and the places and people that the phases share."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from .calendar import current_year
from .copying import Writer
from .geography import School, State, generated_states, named_states


@dataclass(frozen=True)
class Scale:
    """A size of the world; ``years`` school years are measured, the current one among them."""

    name: str
    years: int


SCALES = {
    scale.name: scale
    for scale in (
        Scale("tiny", 2),  # for the project's own tests
        Scale("small", 5),
        Scale("state", 5),
        Scale("region", 2),
    )
}


@dataclass
class Progress:
    """Says on one line what is being done, how fast, and how long it will still take."""

    say: Callable[[str], None]
    started: float = field(default_factory=time.monotonic)
    _last: float = 0.0

    def restart(self) -> None:
        """Begin to count time, for rate and time left."""
        self.started = time.monotonic()

    def report(self, phase: str, done: int, of: int, rows: int) -> None:
        """Report at most every two seconds, and at the end of a phase."""
        now = time.monotonic()
        if now - self._last < 2 and done < of:
            return
        self._last = now
        elapsed = max(now - self.started, 0.001)
        left = f", about {duration(elapsed / done * (of - done))} left" if 0 < done < of else ""
        self.say(f"{phase}: {done:,} of {of:,}; {rows:,} rows, {rows / elapsed:,.0f} a second{left}")


def duration(seconds: float) -> str:
    """A time span as people say it: ``45 s`` or ``3 min 20 s``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


@dataclass
class World:
    """The demonstration world while it is built; a phase reads what earlier phases left here."""

    scale: Scale
    seed: int
    today: dt.date
    progress: Progress
    writer: Writer = field(default_factory=Writer)
    states: list[State] = field(default_factory=list)
    region_pk: int = 0
    # The person who loads a district's files, by the district's key.
    loaders: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.states:
            return
        first = self.first_year
        rng = self.random("geography")
        self.states = {
            "tiny": lambda: named_states(first, tiny=True),
            "small": lambda: named_states(first),
            "state": lambda: generated_states(rng, first, [26, 4], 150, 580),
            "region": lambda: generated_states(rng, first, [16] * 8 + [14] * 8, 1_100, 580),
        }[self.scale.name]()

    @property
    def last_year(self) -> int:
        """The current school year: as of today, not finished."""
        return current_year(self.today)

    @property
    def first_year(self) -> int:
        """The first school year with full evidence."""
        return self.last_year - self.scale.years + 1

    def random(self, *about: str | int) -> np.random.Generator:
        """Random numbers of one subject: the same for the same seed, whatever other subjects draw."""
        return np.random.default_rng([self.seed, *" ".join(map(str, about)).encode()])

    def schools(self) -> Iterator[School]:
        """Every school, state by state."""
        for state in self.states:
            yield from state.schools()
