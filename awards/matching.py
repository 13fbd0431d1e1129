"""Who reads what, as a problem on numbers alone: a pure function, deterministic for a seed.

A matching in which every nomination gets its number of readers and nobody reads more than need be: first greedily,
then repaired along augmenting paths, so that an assignment is found whenever there is one (Ford & Fulkerson).
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field


class NotEnoughReaders(Exception):
    """Some nominations cannot get enough readers; ``short`` says how many each lacks."""

    def __init__(self, short: dict[int, int]) -> None:
        super().__init__("Not enough readers.")
        self.short = short


@dataclass
class _Board:
    allowed: dict[int, list[int]]
    limits: Mapping[int, int]
    readers: dict[int, set[int]] = field(default_factory=dict)
    load: dict[int, int] = field(default_factory=dict)
    fixed: Set[tuple[int, int]] = frozenset()

    def give(self, nomination: int, reader: int) -> None:
        self.readers[nomination].add(reader)
        self.load[reader] += 1

    def take(self, nomination: int, reader: int) -> None:
        self.readers[nomination].remove(reader)
        self.load[reader] -= 1


def match(
    nominations: Sequence[int],
    limits: Mapping[int, int],
    forbidden: Set[tuple[int, int]],
    *,
    readers_each: int,
    fixed: Set[tuple[int, int]] = frozenset(),
    seed: int = 0,
) -> set[tuple[int, int]]:
    """Pairs (nomination, reader): ``readers_each`` different readers for each nomination, none that is ``forbidden``.

    ``limits`` says how many each reader reads at most; ``fixed`` pairs are kept as they are and count. The largest
    load of a reader is as small as it can be. Raises :class:`NotEnoughReaders` where there is no such assignment.
    """
    needed = readers_each * len(nominations)
    people = sorted(limits)
    least = max(1, -(-needed // max(len(people), 1)))
    largest = max(limits.values(), default=0)
    held = max([sum(1 for _n, reader in fixed if reader == person) for person in people], default=0)
    # The smallest cap that works; whatever works with a cap works with a larger one.
    low, high = max(least, held), max(largest, held, least)
    found, short = _try(nominations, limits, forbidden, readers_each, fixed, seed, high)
    if short:
        raise NotEnoughReaders(short)
    while low < high:
        middle = (low + high) // 2
        board, lacking = _try(nominations, limits, forbidden, readers_each, fixed, seed, middle)
        if lacking:
            low = middle + 1
        else:
            high, found = middle, board
    return {(nomination, reader) for nomination, chosen in found.readers.items() for reader in chosen}


def _try(
    nominations: Sequence[int],
    limits: Mapping[int, int],
    forbidden: Set[tuple[int, int]],
    readers_each: int,
    fixed: Set[tuple[int, int]],
    seed: int,
    cap: int,
) -> tuple[_Board, dict[int, int]]:
    chance = random.Random(seed)  # noqa: S311 - fair, not secret
    people, order = sorted(limits), sorted(nominations)
    chance.shuffle(people)
    chance.shuffle(order)
    board = _Board(
        {one: [who for who in people if (one, who) not in forbidden] for one in order},
        {who: min(cap, limits[who]) for who in people},
        {one: set() for one in order},
        dict.fromkeys(people, 0),
        fixed,
    )
    for one, who in sorted(fixed):
        if one in board.readers and who in board.load:
            board.give(one, who)
    # Those with the least choice first.
    order.sort(key=lambda one: len(board.allowed[one]))
    for _round in range(readers_each):
        for one in order:
            if len(board.readers[one]) < readers_each:
                _give_one(board, one)
    short = {
        one: readers_each - len(board.readers[one])
        for one in order
        if len(board.readers[one]) < readers_each and not _complete(board, one, readers_each)
    }
    return board, short


def _give_one(board: _Board, nomination: int) -> None:
    """The reader with the least to read of those who are free."""
    free = [
        who
        for who in board.allowed[nomination]
        if who not in board.readers[nomination] and board.load[who] < board.limits[who]
    ]
    if free:
        board.give(nomination, min(free, key=lambda who: board.load[who]))


def _complete(board: _Board, nomination: int, readers_each: int) -> bool:
    while len(board.readers[nomination]) < readers_each:
        if not _augment(board, nomination):
            return False
    return True


def _augment(board: _Board, start: int) -> bool:
    """Give ``start`` one more reader by passing nominations on along the shortest chain; False where there is none."""
    came: dict[int, tuple[int, int]] = {}
    waiting, seen = deque([start]), {start}
    assigned: dict[int, list[int]] = {}
    for one, readers in board.readers.items():
        for who in readers:
            assigned.setdefault(who, []).append(one)
    tried: set[int] = set()
    while waiting:
        one = waiting.popleft()
        for who in board.allowed[one]:
            if who in tried or who in board.readers[one]:
                continue
            if board.load[who] < board.limits[who]:
                _pass_on(board, start, one, who, came)
                return True
            tried.add(who)
            for other in sorted(assigned.get(who, ())):
                if other not in seen and (other, who) not in board.fixed:
                    seen.add(other)
                    came[other] = (one, who)
                    waiting.append(other)
    return False


def _pass_on(board: _Board, start: int, one: int, who: int, came: Mapping[int, tuple[int, int]]) -> None:
    board.give(one, who)
    while one != start:
        before, given_up = came[one]
        board.take(one, given_up)
        board.give(before, given_up)
        one = before
