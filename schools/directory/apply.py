"""Compares a file with the directory and writes the difference, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pghistory
from django.db import IntegrityError, connection, transaction
from django.utils.text import slugify

from schools.directory.codes import KENTUCKY_COOPERATIVES
from schools.directory.contents import FACTS, Contents, Entry
from schools.directory.layouts import LAYOUTS
from schools.directory.memberships import write_memberships
from schools.directory.read import read
from schools.directory.report import ROW_REFUSED, VALUE_LEFT_OUT, DirectoryError, Report
from schools.directory.states import OTHER_REGION, REGION, STATES_BY_POSTAL, State
from schools.models.organization import Kind, Organization, unused_slug

LOCK = 0x48535457_0001  # the advisory lock of directory imports
FILLED_WHEN_BLANK = frozenset({"design"})


def load(
    path: Path,
    *,
    layout: str | None = None,
    state: str | None = None,
    encoding: str = "utf-8",
    dry_run: bool = False,
) -> Report:
    """Load a directory file: all of it or, with an error, nothing. Raises ``DirectoryError``.

    Takes an advisory lock for the length of the transaction, so that two loads run one after the other.
    """
    contents, report = read(path, layout=layout, state=state, encoding=encoding)
    try:
        with (
            pghistory.context(command="import_directory", file=path.name, layout=contents.layout),
            transaction.atomic(),
        ):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            writer = _Writer(contents, report)
            writer.write()
            if not (writer.new or writer.met):
                report.new_kinds.clear()  # every row was refused: no state stays behind for nothing
                transaction.set_rollback(True)
            if dry_run:
                transaction.set_rollback(True)
    except IntegrityError as error:
        detail = str(error).splitlines()[0]
        raise DirectoryError(
            f"Nothing was loaded: somebody changed the directory at the same time ({detail}). Start again."
        ) from error
    return report


def state_organization(state: State) -> tuple[Organization, list[str]]:
    """The organization of a state below its region, and the kinds of what had to be created for it."""
    found = Organization.objects.filter(kind=Kind.STATE)
    for same in ({"nces_id": state.fips}, {"postal_state": state.postal}, {"name": state.name}):
        if organization := found.filter(**same).first():
            return organization, []
    created = [Kind.STATE.value]
    name = REGION if state.in_region else OTHER_REGION
    region = Organization.objects.filter(kind=Kind.REGION, name=name).first()
    if region is None:
        region = Organization.objects.add_root({"kind": Kind.REGION, "name": name, "slug": unused_slug(name)})
        created.append(Kind.REGION.value)
    facts = {
        "kind": Kind.STATE,
        "name": state.name,
        "slug": unused_slug(state.name),
        "nces_id": state.fips,
        "postal_state": state.postal,
        "time_zone": state.time_zone,
    }
    organization = Organization.objects.add_child(region, facts)
    return organization, created


class _Writer:
    """Compares a file's organizations with the directory's and writes the difference, set by set."""

    def __init__(self, contents: Contents, report: Report) -> None:
        self.contents, self.report = contents, report
        self.layout = LAYOUTS[contents.layout]
        self.heading = {column.field: column.heading for column in self.layout.columns}
        self.states: dict[str, Organization] = {}
        self.by_id: dict[tuple[str, str], Organization] = {}  # kind, NCES id
        self.by_state_id: dict[tuple[int, str, str], Organization] = {}  # state, kind, state id
        self.by_path: dict[str, Organization] = {}
        self.last_step: dict[str, int] = {}  # a parent's path → the last child's step
        self.changed: dict[int, Organization] = {}
        self.new: list[Organization] = []
        self.more_children: dict[str, int] = {}
        self.met: set[int] = set()
        self.giving_up: dict[str, list[int]] = {}  # id field → organizations whose id becomes another
        self.moves: list[tuple[Organization, Organization]] = []

    def write(self) -> None:
        """Districts and cooperatives before schools, which stand below them."""
        self._find_states()
        if self.layout.state == "KY" and "cooperative" in self.heading:
            self._add_named_cooperatives()
        order = {Kind.STATE: 0, Kind.COOPERATIVE: 1, Kind.DISTRICT: 1, Kind.SCHOOL: 2}
        entries = sorted(self.contents.entries, key=lambda e: (order[Kind(e.kind)], e.line))
        self._leave_out_repeated_ids(entries)
        for entry, found in self._matches(entries):
            self._take(entry, found)
        self._save()
        if self.contents.memberships:
            kentucky = self.states[STATES_BY_POSTAL["KY"].fips]
            write_memberships(self.contents.memberships, kentucky, self.by_state_id, self.report)
        self.report.changed = len(self.changed)
        self.report.unchanged = len(self.met) - len(self.changed)

    # -- the directory as it stands

    def _find_states(self) -> None:
        for state in {entry.state.fips: entry.state for entry in self.contents.entries}.values():
            self.states[state.fips], created = state_organization(state)
            self.report.new_kinds.update(created)
        self.slugs = set(Organization.objects.order_by().values_list("slug", flat=True))
        within = Organization.objects.filter(in_state__in=self.states.values())
        for organization in [*self.states.values(), *within.select_for_update(of=("self",))]:
            self._index(organization)
        # An NCES id is unique in the whole country: by mistake it may stand in another state.
        wanted = [e.facts["nces_id"] for e in self.contents.entries if "nces_id" in e.facts]
        abroad = Organization.objects.filter(nces_id__in=wanted, in_state__isnull=False)
        for organization in abroad.exclude(in_state__in=self.states.values()):
            self.by_id[organization.kind, organization.nces_id] = organization

    def _index(self, organization: Organization) -> None:
        path = organization.path
        self.by_path[path] = organization
        if organization.nces_id:
            self.by_id[organization.kind, organization.nces_id] = organization
        if organization.state_id and organization.in_state_id:
            key = organization.in_state_id, organization.kind, organization.state_id
            self.by_state_id[key] = organization
        above, step = path[: -Organization.steplen], path[-Organization.steplen :]
        self.last_step[above] = max(self.last_step.get(above, 0), Organization._str2int(step))

    def _add_named_cooperatives(self) -> None:
        """Kentucky's districts name their cooperatives by abbreviation; the file has no rows for them."""
        listed = {e.facts.get("state_id") for e in self.contents.entries if e.kind == Kind.COOPERATIVE}
        named = {membership.cooperative: membership.line for membership in self.contents.memberships[::-1]}
        state = STATES_BY_POSTAL["KY"]
        for number, name in KENTUCKY_COOPERATIVES.values():
            if number in named and number not in listed:
                facts = {"state_id": number, "name": name, "postal_state": "KY"}
                self.contents.entries.append(Entry(named[number], Kind.COOPERATIVE, state, facts, zone=state.time_zone))

    # -- one organization

    def _leave_out_repeated_ids(self, entries: list[Entry]) -> None:
        """Two rows of a file may not end up with the same id; the first keeps it."""
        for name in ("nces_id", "state_id"):
            seen: set[tuple[str, str, str]] = set()
            for entry in entries:
                key = entry.state.fips, entry.kind, entry.facts.get(name, "")
                if key in seen:
                    cause = f"{self.heading[name]}: another row of this file has it"
                    self.report.note(VALUE_LEFT_OUT, cause, entry.line, self.heading[name], key[2])
                    del entry.facts[name]
                elif key[2]:
                    seen.add(key)

    def _matches(self, entries: list[Entry]) -> Iterator[tuple[Entry, Organization | None]]:
        """Each entry with the organization that it means, or None for a new one; refuses contradictions.

        All NCES ids are looked up before any state id: a state gives a number to another school, and then the
        school that had it is the one with its NCES id.
        """
        by_nces = {
            id(entry): self.by_id[entry.kind, entry.facts["nces_id"]]
            for entry in entries
            if (entry.kind, entry.facts.get("nces_id")) in self.by_id
        }
        taken = {found.pk for found in by_nces.values()}
        for entry in entries:
            state = self.states[entry.state.fips]
            if entry.kind == Kind.STATE:
                yield entry, state
                continue
            found = by_nces.get(id(entry))
            own = entry.facts.get("state_id", "")
            by_own = self.by_state_id.get((state.pk, entry.kind, own))
            if found is None:
                yield entry, by_own if by_own is not None and by_own.pk not in taken else None
            elif found.in_state_id != state.pk:
                cause = "the NCES id belongs to an organization of another state"
                self._refuse(entry, cause, "nces_id", found.nces_id)
            elif by_own is not None and by_own is not found and by_own.pk not in taken:
                cause = "its NCES id and its state id belong to two different organizations"
                self._refuse(entry, cause, "state_id", f"{own} {found.nces_id}")
            else:
                yield entry, found

    def _take(self, entry: Entry, found: Organization | None) -> None:
        """Create or update one organization, in memory."""
        parent = self._parent(entry)
        if parent is None:
            return
        if found is None:
            if "name" in entry.facts:
                self._create(entry, parent)
            return
        self.met.add(found.pk)
        moved = entry.kind == Kind.SCHOOL and found.path[: -Organization.steplen] != parent.path
        if moved:
            self.moves.append((found, parent))
        if self._update(found, entry) or moved:
            self.changed[found.pk] = found

    def _refuse(self, entry: Entry, cause: str, name: str, value: str) -> None:
        self.report.note(ROW_REFUSED, cause, entry.line, self.heading.get(name, name), value)

    def _parent(self, entry: Entry) -> Organization | None:
        """Where it stands in the tree: a school below its district, everything else below its state."""
        state = self.states[entry.state.fips]
        if entry.district is None:
            return state
        name, value = entry.district
        if name == "nces_id":
            district = self.by_id.get((Kind.DISTRICT, value))
            if district is None and (Kind.COOPERATIVE, value) in self.by_id:
                return state  # a service agency's own school: the agency stands beside the districts
        else:
            district = self.by_state_id.get((state.pk, Kind.DISTRICT, value))
        if district is None or district.in_state_id != state.pk:
            cause = "its district is not in the directory: load the districts' file first"
            heading = "district" if name == "nces_id" else "state_id"
            self._refuse(entry, cause, heading, value)
            return None
        return district

    def _create(self, entry: Entry, parent: Organization) -> None:
        state = self.states[entry.state.fips]
        step = self.last_step.get(parent.path, 0) + 1
        organization = Organization(
            kind=entry.kind,
            slug=self._slug(entry.facts["name"], entry.state.postal),
            in_state=state,
            path=Organization._get_path(parent.path, parent.depth + 1, step),
            depth=parent.depth + 1,
            numchild=0,
            time_zone=entry.zone or parent.time_zone,
            **entry.facts,
        )
        self.new.append(organization)
        self.more_children[parent.path] = self.more_children.get(parent.path, 0) + 1
        self._index(organization)
        self.report.new_kinds[entry.kind] += 1

    def _slug(self, name: str, postal: str) -> str:
        """As ``unused_slug``, against the set in memory."""
        base = slugify(f"{name} {postal}")[:72] or "organization"
        slug, number = base, 1
        while slug in self.slugs:
            number += 1
            slug = f"{base}-{number}"
        self.slugs.add(slug)
        return slug

    def _update(self, organization: Organization, entry: Entry) -> bool:
        before = {name: getattr(organization, name) for name in FACTS}
        for name, value in entry.facts.items():
            if not (name in FILLED_WHEN_BLANK and before[name]):
                setattr(organization, name, value)
        self._keep_dates_sound(organization, before, entry)
        if all(getattr(organization, name) == value for name, value in before.items()):
            return False
        for name in ("nces_id", "state_id"):
            if before[name] and before[name] != getattr(organization, name):
                self.giving_up.setdefault(name, []).append(organization.pk)
        self._index(organization)
        return True

    def _keep_dates_sound(self, organization: Organization, before: dict[str, Any], entry: Entry) -> None:
        """What a person recorded about the dates and successor stands where the file contradicts it."""
        opened, closed = organization.opened, organization.closed
        if organization.successor_id and closed is None:
            cause = "listed as open, but recorded here as closed with a successor: left closed"
        elif opened and closed and opened >= closed:
            cause = "the file's first and last day contradict those recorded here: dates left as they are"
        else:
            return
        self.report.note(VALUE_LEFT_OUT, cause, entry.line, self.heading.get("status", ""), organization.name)
        organization.opened, organization.closed = before["opened"], before["closed"]

    # -- all of them

    def _save(self) -> None:
        for organization in self.changed.values():
            organization.version += 1
        # Ids may change hands within a load, and uniqueness is checked row by row: first let go, then
        # take.
        for name, keys in self.giving_up.items():
            Organization.objects.filter(pk__in=keys).update(**{name: ""})
        Organization.objects.bulk_update(self.changed.values(), [*FACTS, "version"], batch_size=500)
        Organization.objects.bulk_create(self.new, batch_size=500)
        grown = []
        for path, more in self.more_children.items():
            parent = self.by_path[path]
            parent.numchild += more
            grown.append(parent)
        Organization.objects.bulk_update(grown, ["numchild"], batch_size=500)
        for organization, parent in self.moves:
            # Paths change with every move: both ends are read again.
            Organization.objects.move(
                Organization.objects.get(pk=organization.pk),
                Organization.objects.get(pk=parent.pk),
                "last-child",
            )
