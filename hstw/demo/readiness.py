"""The numbers of the demonstration world: counted from its evidence by the same rollup as everybody's."""

from __future__ import annotations

from goals.readiness import rollup

from .world import World


def count(world: World) -> None:
    """Count every state, basis and year that has evidence; a failure is an error here, not a line in a record."""
    pairs = [(state, basis, year) for state in rollup.states() for basis, year in rollup.pairs_of(state)]
    done = rollup.run(pairs, reason="demonstration world", today=world.today)
    if done.error:
        raise RuntimeError(done.error)
    world.progress.say(f"{done.records:,} records, {done.cells:,} figures")
