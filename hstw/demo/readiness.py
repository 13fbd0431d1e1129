"""The numbers of the demonstration world: counted from its evidence by the same rollup as everybody's."""

from __future__ import annotations

from goals import runs
from goals.models.measure import Basis
from goals.readiness import rollup

from .world import World

# What a first page shows beside a school's own figures is of these years; protecting the others takes longest by far.
YEARS_RELEASED = 2


def count(world: World) -> None:
    """Count every state, basis and year that has evidence; a failure is an error here, not a line in a record.

    What may be told of the latest years is made at once. The earlier ones are marked, and follow within minutes of
    the workers' start.
    """
    pairs = [(state, basis, year) for state in rollup.states() for basis, year in rollup.pairs_of(state)]
    latest = max((year for _state, basis, year in pairs if basis == Basis.YEAR), default=0)

    def released(year: int) -> bool:
        return year > latest - YEARS_RELEASED

    # Who belongs to which cooperative is new too, and counted here.
    runs.mark_changes()
    done = rollup.run(pairs, reason="demonstration world", today=world.today, released=released)
    if done.error:
        raise RuntimeError(done.error)
    rollup.mark_pairs((state, basis, year) for state, basis, year in pairs if not released(year))
    world.progress.say(f"{done.records:,} records, {done.cells:,} figures")
