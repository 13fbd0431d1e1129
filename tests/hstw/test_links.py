"""Signed links: for one purpose, unaltered, for a time."""

import datetime as dt

import pytest
import time_machine

from hstw import links

DAY = dt.timedelta(days=1)


def test_a_link_carries_its_value() -> None:
    assert links.read("invitation", links.sign("invitation", ["a", 1]), valid_for=DAY) == ["a", 1]


def test_a_link_for_one_purpose_is_worthless_for_another() -> None:
    token = links.sign("invitation", "a")
    with pytest.raises(links.BrokenLink):
        links.read("unsubscribe", token, valid_for=DAY)


@pytest.mark.parametrize("spoil", [lambda t: t[:-1], lambda t: "x" + t, lambda t: "", lambda t: "::", lambda t: "é"])
def test_an_altered_link_is_broken(spoil) -> None:
    with pytest.raises(links.BrokenLink):
        links.read("invitation", spoil(links.sign("invitation", "a")), valid_for=DAY)


def test_a_link_runs_out() -> None:
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False):
        token = links.sign("invitation", "a")
    with time_machine.travel("2026-03-02T11:59:00Z", tick=False):
        assert links.read("invitation", token, valid_for=DAY) == "a"
    with time_machine.travel("2026-03-02T12:01:00Z", tick=False), pytest.raises(links.ExpiredLink):
        links.read("invitation", token, valid_for=DAY)
