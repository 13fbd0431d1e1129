"""An adversary with integer bounds: knows every released figure, every sum, and how figures are protected.

Given the rows of a release it asks a solver, for every hidden count, which whole numbers it could still be. It knows
nothing of how the protection chose what to withhold, and shares no code with it: bands, codes and rounding are
written here once more. The exact counts serve only to say what is sensitive, and which differences between sums are
known (students without a race, students of two schools).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from goals.disclosure.table import Table

CODES = [(10, 20, 20), (21, 40, 10), (41, 100, 5), (101, 300, 2), (301, 10**6, 1)]
MOST = 10**4
# Seconds that the solver gets for a question, and whether it may simplify it first. That there is no such world counts
# only without: simplified, the solver has called releases impossible whose own counts meet every row.
LIMITS = ((20, True), (20, False), (300, False))


@dataclass
class Unsafe:
    """A hidden count that can take too few values."""

    what: str
    organization: int
    group: str
    measure: int | None
    values: list[int]


Seen = dict[tuple[int, int, int], tuple[str, int | None, int | None, int | None]]


class Adversary:
    """Variables are the size of each cell and the number in it who meet each measure.

    ``seen``: by organization, group and measure what is released: (state, low, high, size). Besides, the sizes of
    groups that are shown and have up to ``knows`` students are known: several percents of one group tell its size.

    ``later``: a table with other counts and what was released of it, by an adversary who knows every difference
    between the two tables. ``exact``: organizations of which every count is known. ``secret``: counts that must not
    come out although they are not withheld.
    """

    def __init__(
        self,
        table: Table,
        seen: Seen,
        minimum: int = 10,
        knows: int = 100,
        later: tuple[Table, Seen] | None = None,
        exact: Collection[int] = (),
        secret: Collection[tuple[int, int, int | None]] = (),
        least: int = 1,
    ) -> None:
        self.exact, self.least = set(exact), least
        self.shift = np.zeros(0)
        self.table, self.seen, self.minimum, self.knows = table, seen, minimum, knows
        self.organizations, self.groups, self.measures = table.numerators.shape
        count = self.organizations * self.groups * (1 + self.measures)
        self.low, self.high = np.zeros(count), np.full(count, float(MOST))
        self.rows: list[tuple[dict[int, float], float, float]] = []
        self.goals: list[tuple[str, int, str, int | None, dict[int, float]]] = []
        self._shown()
        self._sums()
        self._ties()
        self._sensitive()
        for o, g, m in secret:
            self.goals.append(("difference", o, str(g), m, {self.d(o, g) if m is None else self.n(o, g, m): 1}))
        if later is not None:
            self._read(*later)
        self._finish()

    def _finish(self) -> None:
        count = len(self.low)
        data, i, j = [], [], []
        for row, (terms, _low, _high) in enumerate(self.rows):
            for at, factor in terms.items():
                data.append(factor)
                i.append(row)
                j.append(at)
        self.matrix = coo_array((data, (i, j)), shape=(len(self.rows), count)).tocsr()

    def join(self, inner: Adversary, measure: int) -> Adversary:
        """Who reads two tables at once: those who meet a measure of this one are who the other counts.

        How many they are is a secret of this table alone.
        """
        more = len(self.low)
        self.low, self.high = np.append(self.low, inner.low), np.append(self.high, inner.high)
        self.rows += [({more + at: by for at, by in terms.items()}, low, high) for terms, low, high in inner.rows]
        for o in range(self.organizations):
            for g in range(self.groups):
                self._row({self.n(o, g, measure): 1, more + inner.d(o, g): -1}, 0, 0)
        for what, o, g, m, terms in inner.goals:
            if m is not None:
                self.goals.append((f"inner {what}", o, g, m, {more + at: by for at, by in terms.items()}))
        self._finish()
        return self

    def d(self, o: int, g: int) -> int:
        return (o * self.groups + g) * (1 + self.measures)

    def n(self, o: int, g: int, m: int) -> int:
        return self.d(o, g) + 1 + m

    def _fix(self, at: int, low: float, high: float) -> None:
        if len(self.shift):
            low, high = low - self.shift[at], high - self.shift[at]
        self.low[at], self.high[at] = max(self.low[at], low), min(self.high[at], high)

    def _row(self, terms: dict[int, float], low: float, high: float) -> None:
        if len(self.shift):
            more = sum(factor * self.shift[at] for at, factor in terms.items())
            low, high = low - more, high - more
        self.rows.append((terms, low, high))

    def _read(self, table: Table, seen: Seen) -> None:
        """What a later release says, of counts that differ by known numbers of students."""
        first = np.concatenate([self.table.denominators[:, :, None], self.table.numerators], axis=2)
        second = np.concatenate([table.denominators[:, :, None], table.numerators], axis=2)
        self.table, self.seen, self.shift = table, seen, (second - first).ravel()
        self._shown()
        self._ties()
        self._sensitive()

    def _hidden(self, o: int, g: int, m: int) -> bool:
        return self.seen.get((o, g, m), ("",))[0] in {"small", "complementary", "kept"}

    def _size_hidden(self, o: int, g: int) -> bool:
        return all(self._hidden(o, g, m) for m in range(self.measures))

    def _shown(self) -> None:
        for o in range(self.organizations):
            for g in range(self.groups):
                at = self.d(o, g)
                for m in range(self.measures):
                    self._row({at: 1, self.n(o, g, m): -1}, 0, np.inf)
                    self._shown_cell(o, g, m)

    def _shown_cell(self, o: int, g: int, m: int) -> None:
        at, var = self.d(o, g), self.n(o, g, m)
        if (o, g, m) not in self.seen:
            self._fix(at, 0, 0)
            return
        if o in self.exact:
            self._fix(at, *[int(self.table.denominators[o, g])] * 2)
            self._fix(var, *[int(self.table.numerators[o, g, m])] * 2)
            return
        state, low, high, size = self.seen[o, g, m][:4]
        if state == "kept":
            # The earlier figure once more: it says nothing of the counts of now.
            return
        if state == "small":
            self._fix(at, self.least * int(g == 0), self.minimum - 1)
        elif state == "complementary":
            # A group withheld to protect another may itself be small.
            self._fix(at, self.least * int(g == 0), MOST)
        else:
            first, last, code = next(one for one in CODES if one[0] == size)
            self._fix(at, max(first, self.minimum), last)
            if (known := int(self.table.denominators[o, g])) <= self.knows:
                self._fix(at, known, known)
            if state == "bottom":
                assert (low, high) == (0, code)
                self._row({var: 100, at: -code}, -np.inf, 0)
            elif state == "top":
                assert (low, high) == (100 - code, 100)
                self._row({var: 100, at: -(100 - code)}, 0, np.inf)
            else:
                # Half up: percent - 0.5 <= 100 n / d < percent + 0.5; and it is not coded.
                assert low == high is not None
                self._row({var: 200, at: -(2 * high - 1)}, 0, np.inf)
                self._row({var: 200, at: -(2 * high + 1)}, -np.inf, -1)
                self._row({var: 100, at: -code}, 1, np.inf)
                self._row({var: 100, at: -(100 - code)}, -np.inf, -1)

    def _sums(self) -> None:
        """Groups of a dimension make up all students, schools make up what is above them; else a known difference."""
        d, n = self.table.denominators, self.table.numerators
        children: dict[int, list[int]] = {}
        for o, parent in enumerate(self.table.parent):
            children.setdefault(parent, []).append(o)
        # A cooperative is the sum of its members, as one more place beside the tree.
        children |= {o: list(members) for o, members in self.table.members.items()}
        for layer in range(1 + self.measures):
            values = d if layer == 0 else n[:, :, layer - 1]
            for o in range(self.organizations):
                for dimension in self.table.dimensions:
                    terms = {self.d(o, 0) + layer: -1.0} | {self.d(o, g) + layer: 1.0 for g in dimension}
                    if len(dimension) > 1:
                        known = float(values[o, list(dimension)].sum() - values[o, 0])
                        self._row(terms, known, known)
                    else:
                        self._row(terms, -np.inf, 0)
                        if layer:
                            # The rest: no more can meet it than there are.
                            [g] = dimension
                            self._row(
                                {
                                    self.d(o, 0): 1, self.d(o, g): -1,
                                    self.d(o, 0) + layer: -1, self.d(o, g) + layer: 1,
                                },
                                0,
                                np.inf,
                            )  # fmt: skip
                for g in range(self.groups):
                    if o in children:
                        known = float(values[children[o], g].sum() - values[o, g])
                        terms = {self.d(c, g) + layer: 1.0 for c in children[o]} | {self.d(o, g) + layer: -1.0}
                        self._row(terms, known, known)

    def _ties(self) -> None:
        for block in self.table.blocks:
            if len(block.measures) == 1:
                continue
            for o in range(self.organizations):
                for g in [*range(self.groups), *(-dim[0] for dim in self.table.dimensions if len(dim) == 1)]:
                    self._tie(block.measures, o, g)

    def _tie(self, measures: tuple[int, ...], o: int, g: int) -> None:
        """Academic, career, both, either (and neither) of a cell, or (negative) of the rest of a yes or no."""

        def terms(factors: list[int]) -> dict[int, float]:
            found: dict[int, float] = {}
            for factor, layer in zip(factors, [0, *(1 + m for m in measures)], strict=True):
                if g >= 0:
                    found[self.d(o, g) + layer] = factor
                else:
                    found[self.d(o, 0) + layer] = factor
                    found[self.d(o, -g) + layer] = -factor
            return found

        if len(measures) in (4, 5):
            rest = [0] * (len(measures) - 4)
            self._row(terms([0, 1, 1, -1, -1, *rest]), 0, 0)
            self._row(terms([0, 1, 0, -1, 0, *rest]), 0, np.inf)
            self._row(terms([0, 0, 1, -1, 0, *rest]), 0, np.inf)
            self._row(terms([1, 0, 0, 0, -1, *rest]), 0, np.inf)
            if rest:
                # Neither is everybody else.
                self._row(terms([1, 0, 0, 0, -1, -1]), 0, 0)
        else:
            for first in range(len(measures) - 1):
                factors = [0] * (len(measures) + 1)
                factors[first + 1], factors[first + 2] = -1, 1
                self._row(terms(factors), 0, np.inf)

    def _sensitive(self) -> None:
        d, n = self.table.denominators, self.table.numerators
        # Who knows a place knows what it is part of better than others do, and may: the rest of it is the others.
        known = {above for o in self.exact for above in self.table.chain(o)}
        for o in range(self.organizations):
            if o in known:
                continue
            for g in range(self.groups):
                # Where there is nobody, nothing comes out about anybody.
                if not d[o, g]:
                    continue
                if self._size_hidden(o, g) and self.seen[o, g, 0][0] != "kept":
                    self.goals.append(("size", o, str(g), None, {self.d(o, g): 1}))
                for m in range(self.measures):
                    if self.seen[o, g, m][0] not in {"shown", "kept"}:
                        self.goals.append(("rate", o, str(g), m, {self.n(o, g, m): 1}))
            for dimension in self.table.dimensions:
                if len(dimension) > 1:
                    continue
                [g] = dimension
                rest = int(d[o, 0] - d[o, g])
                if not rest or (o, g, 0) not in self.seen:
                    continue
                small = rest < self.minimum
                if small:
                    self.goals.append(("rest size", o, str(g), None, {self.d(o, 0): 1, self.d(o, g): -1}))
                for m in range(self.measures):
                    if small or int(n[o, 0, m] - n[o, g, m]) in (0, rest):
                        terms = {self.n(o, 0, m): 1.0, self.n(o, g, m): -1.0}
                        self.goals.append(("rest rate", o, str(g), m, terms))

    # --- the attack ------------------------------------------------------------------------------------------------
    def solve(self, objective: dict[int, float], extra: tuple[dict[int, float], float, float] | None = None):
        """A world with the least of ``objective``; ``None`` where there is none.

        A solver that was stopped has not said that there is none: it gets more time, and then it is an error.
        """
        c = np.zeros(len(self.low))
        for at, factor in objective.items():
            c[at] = factor
        constraints = [LinearConstraint(self.matrix, [r[1] for r in self.rows], [r[2] for r in self.rows])]
        if extra is not None:
            row = np.zeros((1, len(self.low)))
            for at, factor in extra[0].items():
                row[0, at] = factor
            constraints.append(LinearConstraint(row, extra[1], extra[2]))
        for limit, presolve in LIMITS:
            found = milp(
                c,
                constraints=constraints,
                integrality=np.ones(len(self.low)),
                bounds=Bounds(self.low, self.high),
                options={"time_limit": limit, "presolve": presolve},
            )
            if found.status == 0:
                return np.rint(found.x)
            if found.status == 2 and not presolve:
                return None
        raise TimeoutError(f"undecided: {found.message}")

    def attack(self, values: int = 3) -> list[Unsafe]:
        """The hidden counts that cannot take so many values, each with those it can."""
        seen: list[set[int]] = [set() for _goal in self.goals]

        def note(x) -> None:
            for at, goal in enumerate(self.goals):
                seen[at].add(int(sum(x[i] * factor for i, factor in goal[4].items())))

        start = self.solve({})
        assert start is not None, "the release contradicts itself"
        note(start)
        # Any possible world gives a value to every count: most need no question of their own.
        random = np.random.default_rng(0)
        for _try in range(6):
            x = self._near({at: float(random.choice([-1, 1])) for goal in self.goals for at in goal[4]})
            if x is not None:
                note(x)
        found = []
        for at, (what, o, g, m, terms) in enumerate(self.goals):
            for sign in (1, -1):
                if len(seen[at]) < values:
                    x = self.solve({i: sign * factor for i, factor in terms.items()})
                    assert x is not None
                    note(x)
            if len(seen[at]) >= values:
                continue
            possible = self._smallest(terms, values, note)
            if len(possible) < values:
                found.append(Unsafe(what, o, g, m, possible))
        return found

    def _near(self, objective: dict[int, float]):
        """A world with little of ``objective``, the best of a few seconds. These only save questions."""
        c = np.zeros(len(self.low))
        for at, factor in objective.items():
            c[at] = factor
        low, high = np.array([r[1] for r in self.rows]), np.array([r[2] for r in self.rows])
        found = milp(
            c,
            constraints=[LinearConstraint(self.matrix, low, high)],
            integrality=np.ones(len(self.low)),
            bounds=Bounds(self.low, self.high),
            options={"time_limit": 3, "mip_rel_gap": 0.1},
        )
        if found.x is None:
            return None
        x = np.rint(found.x)
        # Stopped before its time, what it has must be looked at: an impossible world would hide what comes out.
        sums = self.matrix @ x
        return x if (sums >= low - 1e-6).all() and (sums <= high + 1e-6).all() else None

    def _smallest(self, terms: dict[int, float], values: int, note) -> list[int]:
        """The smallest values that a count can take."""
        possible: list[int] = []
        low = -np.inf
        while len(possible) < values:
            x = self.solve(terms, (terms, low, np.inf))
            if x is None:
                break
            note(x)
            value = int(sum(x[i] * factor for i, factor in terms.items()))
            possible.append(value)
            low = value + 1
        return possible
