"""Load a published directory (federal or Kentucky's) into the tree of organizations, as often as one likes.

``load`` reads the whole file, then writes in one transaction: a file that cannot be read leaves nothing
behind, and the same file loaded twice changes nothing. What the tables of
``layouts`` do not take over is reported with its cause and place, never dropped silently.

Decisions:

- An organization is found by its NCES id, else by its state id within its state. Where the two name
  different organizations the row is refused.
- A blank in the file erases nothing. Names stand as published, capitals included. ``design`` is filled
  where it is blank and the type and grades leave no choice; the time zone is set when an organization is
  created. Both are the organization's own from then on.
- A file of several years gives the facts of the latest year in which the organization is listed, and
  only those: Kentucky gave the number of one school to another after some years. That a school is first
  or last listed in some year is no opening or closing (its technology centers appear in the second year,
  schools come back after up to four years): no date is written, and those missing from the latest year
  are reported.
- Memberships of cooperatives run over the school years listed; one that lasts to the file's end stays
  open. A year in which the district is not listed interrupts nothing; a year listed without a
  cooperative does.

``states``, ``codes`` and ``layouts`` are tables; ``rows`` and ``values`` read by them; ``entries`` and ``years``
make organizations and memberships of the rows, ``read`` of a whole file; ``apply`` writes the difference, with
``memberships`` for the cooperatives'; ``report`` is what is said about it.
"""

from schools.directory.apply import load
from schools.directory.layouts import LAYOUTS
from schools.directory.report import DirectoryError, Report

__all__ = ["LAYOUTS", "DirectoryError", "Report", "load"]
