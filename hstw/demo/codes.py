"""The code lists that come with the product: the demonstration world's courses and programs are named by them."""

from __future__ import annotations

import datetime as dt

from django.utils.timezone import get_current_timezone

from pathways.code_lists import LISTS, load_shipped

from .world import World


def load_codes(world: World) -> None:
    """Load the shipped lists; those that are there already stay as they are."""
    at = dt.datetime.combine(world.today - dt.timedelta(days=2), dt.time(7, 30), get_current_timezone())
    for loaded in load_shipped(at=at):
        table = LISTS[loaded.name].model._meta.db_table
        world.writer.rows[table] = world.writer.rows.get(table, 0) + loaded.difference.new
