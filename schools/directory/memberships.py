"""Writes the memberships of cooperatives that a file tells of."""

from __future__ import annotations

from schools.directory.contents import Membership
from schools.directory.report import VALUE_LEFT_OUT, Report
from schools.models.membership import CooperativeMember
from schools.models.organization import Kind, Organization


def write_memberships(
    memberships: list[Membership],
    state: Organization,
    by_state_id: dict[tuple[int, str, str], Organization],
    report: Report,
) -> None:
    """Add and extend memberships; ``by_state_id`` finds cooperatives and districts by state, kind and state id."""
    pairs: dict[tuple[int, int], list[CooperativeMember]] = {}
    for row in CooperativeMember.objects.filter(cooperative__in_state=state).select_for_update(of=("self",)):
        pairs.setdefault((row.cooperative_id, row.member_id), []).append(row)
    new = []
    for membership in memberships:
        cooperative = by_state_id.get((state.pk, Kind.COOPERATIVE, membership.cooperative))
        member = by_state_id.get((state.pk, Kind.DISTRICT, membership.district))
        if cooperative is None or member is None:
            continue  # its row was refused and reported
        recorded = pairs.setdefault((cooperative.pk, member.pk), [])
        same = [row for row in recorded if _overlap(row, membership)]
        if not same:
            row = CooperativeMember(
                cooperative=cooperative, member=member, starts=membership.starts, ends=membership.ends
            )
            new.append(row)
            recorded.append(row)
            report.members_new += 1
        elif len(same) > 1 or same[0].pk is None:
            cause = "coop: overlaps several memberships recorded here: left as they are"
            report.note(
                VALUE_LEFT_OUT,
                cause,
                membership.line,
                "coop",
                f"{membership.district} {membership.first.label}",
            )
        else:
            _extend(same[0], membership, report)
    CooperativeMember.objects.bulk_create(new, batch_size=500)


def _extend(row: CooperativeMember, membership: Membership, report: Report) -> None:
    """The file knows an end, and that the start is no later than its first year."""
    starts, ends = min(row.starts, membership.starts), membership.ends
    if membership.lasts:
        # Listed in this year: it cannot have ended before it; an end recorded later stands.
        ends = row.ends if row.ends is None or row.ends >= membership.last.last_day else None
    if (starts, ends) == (row.starts, row.ends):
        report.members_unchanged += 1
        return
    row.starts, row.ends = starts, ends
    row.save(update_fields=["starts", "ends"])
    report.members_changed += 1


def _overlap(row: CooperativeMember, membership: Membership) -> bool:
    return (row.ends is None or row.ends >= membership.starts) and (
        membership.ends is None or row.starts <= membership.ends
    )
