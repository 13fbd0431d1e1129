"""The demonstration world: a seeded, believable region of states, districts, schools, people and students.

One module per subject writes it, in the order of :data:`PHASES`. A later app adds a module with a function
that takes the :class:`~hstw.demo.world.World` and appends it here; whatever it needs from earlier phases it
finds in the world (organizations with their keys, people, the writer) or reads from the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module

# What is said while it runs, and where the function is. Named by text: the package can be imported before
# Django's models are ready.
PHASES: tuple[tuple[str, str], ...] = (
    ("Code lists", "hstw.demo.codes:load_codes"),
    ("Organizations", "hstw.demo.schools:load_organizations"),
    ("Memberships and designations", "hstw.demo.schools:load_standing"),
    ("People", "hstw.demo.people:load_people"),
    ("Students", "hstw.demo.students:load_students"),
    ("Pathways", "hstw.demo.offered:load_offered"),
    ("Readiness", "hstw.demo.readiness:count"),
    ("Goals and plans", "hstw.demo.plans:load_plans"),
    ("Practice", "hstw.demo.practice:load_practice"),
    ("Comments and evidence", "hstw.demo.follow_up:load_follow_up"),
    ("Awards", "hstw.demo.awards:load_awards"),
)


def phases() -> Iterator[tuple[str, Callable[..., None]]]:
    """The phases with their functions."""
    for name, address in PHASES:
        module, function = address.split(":")
        yield name, getattr(import_module(module), function)
