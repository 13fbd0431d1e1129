"""The table that one release protects: organizations × student groups × measures that share a denominator.

Everything is an array, so that the protection can be tried on worlds that no database holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# What students of one kind meet, of the measures of a block: (academic, career, both, either) = (1, 0, 0, 1).
Atom = tuple[int, ...]


@dataclass(frozen=True)
class Block:
    """Measures of a family whose numerators are tied together, by the kinds of students there can be.

    A measure alone has two kinds: those who meet it and those who do not. ``measures`` are positions in the family.
    """

    measures: tuple[int, ...]
    atoms: tuple[Atom, ...]

    def counts(self, denominators: Ints, numerators: Ints) -> Ints:
        """How many students of each kind there are: (…, atoms) from (…) and (…, measures of the family)."""
        if len(self.measures) == 1:
            met = numerators[..., self.measures[0]]
            return np.stack([denominators - met, met], axis=-1)
        # Kinds are as many as measures and one: their counts follow from the numerators and the denominator.
        matrix = np.array([[1, *atom] for atom in self.atoms], float).T
        known = np.concatenate([denominators[..., None], numerators[..., list(self.measures)]], axis=-1)
        solved = known @ np.linalg.pinv(matrix).T
        counts: Ints = np.rint(solved).astype(np.int64)
        if np.abs(counts @ matrix.T - known).max(initial=0) > 1e-6 or counts.min(initial=0) < 0:
            raise ValueError("numerators that are tied together contradict each other")
        return counts


@dataclass(frozen=True)
class Table:
    """Counts of one family of measures over a tree of organizations.

    ``parent``: the position of the organization above, -1 for none; parents come before their children.
    ``dimensions``: positions of the groups of each dimension, without group 0, which is all students. A dimension of
    one group is a yes or no: its rest is all students without it. ``denominators`` (organizations, groups),
    ``numerators`` (organizations, groups, measures). ``members``: by the position of a cooperative, those of the
    organizations that are in it; it stands beside the tree, and its figures are sums of theirs.
    """

    parent: tuple[int, ...]
    dimensions: tuple[tuple[int, ...], ...]
    blocks: tuple[Block, ...]
    denominators: Ints
    numerators: Ints
    members: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def chain(self, organization: int) -> list[int]:
        """An organization and all that it is part of: those above it, and cooperatives."""
        found = []
        while organization >= 0:
            found.append(organization)
            organization = self.parent[organization]
        return found + [one for one, members in self.members.items() if not set(members).isdisjoint(found)]


@dataclass
class Protection:
    """What is withheld of a table: whole cells (denominator and all), and numerators alone.

    Of a veiled cell it is not told either that it is small. So what is withheld to protect another group can be of any
    size.
    """

    cells: Bools
    numerators: Bools
    veiled: Bools

    @classmethod
    def of(cls, cells: Bools, measures: int) -> Protection:
        """These cells withheld, and nothing else."""
        return cls(cells, np.zeros((*cells.shape, measures), bool), np.zeros(cells.shape, bool))

    def add(self, other: Protection) -> None:
        """Withhold also what another one does."""
        self.cells |= other.cells
        self.numerators |= other.numerators
        self.veiled |= other.veiled
