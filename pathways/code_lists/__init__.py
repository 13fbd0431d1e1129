"""Load the code lists of others, from what the product ships or from a path, as often as one likes.

A list is read whole, checked, then written in one transaction: a damaged file leaves nothing behind, and the same
file loaded twice changes nothing. Codes that a new edition no longer has are marked as ended, never deleted, for
evidence refers to them as text; an edition cannot lose its own codes, so a file that would end many of them without
naming another edition is taken for cut off.

``lists`` is the table of lists (what, from where, under which licence, whether shipped), ``read`` reads a file by
it, ``write`` writes the difference, ``load`` puts them together.
"""

from pathways.code_lists.lists import LISTS, CodeList
from pathways.code_lists.load import Loaded, find, load, load_shipped
from pathways.code_lists.read import CodeListError

__all__ = ["LISTS", "CodeList", "CodeListError", "Loaded", "find", "load", "load_shipped"]
