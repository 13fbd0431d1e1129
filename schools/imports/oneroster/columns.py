"""The files of a OneRoster bundle: which columns are read, what 1.0 called them, which words are known.

From the CSV tables of OneRoster 1.1 and 1.2 (``standards.md`` §1). ``needs`` are the columns without which a file says
nothing to us; the standard asks for more (``enabledUser``, ``username``), whose absence harms nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Member:
    """One file of a bundle: its columns, and the names that OneRoster 1.0 gave to some of them."""

    name: str
    needs: tuple[str, ...]
    wants: tuple[str, ...] = ()
    older: Mapping[str, str] = field(default_factory=dict)
    days: tuple[str, ...] = ()
    # The column that names a row once: twice the same is said, twice different is refused.
    key: str = "sourcedId"

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that are read."""
        return ("status", *self.needs, *self.wants)


RACES: dict[str, str] = {
    "americanIndianOrAlaskaNative": "AM",
    "asian": "AS",
    "blackOrAfricanAmerican": "BL",
    "nativeHawaiianOrOtherPacificIslander": "PI",
    "white": "WH",
}
TWO_OR_MORE, HISPANIC = "demographicRaceTwoOrMoreRaces", "hispanicOrLatinoEthnicity"

MEMBERS: dict[str, Member] = {
    member.name: member
    for member in (
        Member(
            "academicSessions",
            ("sourcedId", "startDate", "endDate"),
            ("title", "type", "parentSourcedId", "schoolYear"),
            days=("startDate", "endDate"),
        ),
        Member(
            "orgs",
            ("sourcedId", "name", "type"),
            ("identifier", "parentSourcedId", "metadata.city", "metadata.postCode", "metadata.address1"),
        ),
        Member(
            "courses",
            ("sourcedId", "title"),
            ("courseCode", "grades", "subjectCodes"),
            older={"grade": "grades"},
        ),
        Member(
            "classes",
            ("sourcedId", "title", "courseSourcedId", "schoolSourcedId", "termSourcedIds"),
            ("classCode", "grades", "subjectCodes"),
            older={"grade": "grades", "termSourcedId": "termSourcedIds", "termSourceIds": "termSourcedIds"},
        ),
        Member(
            "users",
            ("sourcedId", "givenName", "familyName"),
            ("orgSourcedIds", "role", "userIds", "middleName", "identifier", "grades", "enabledUser"),
            older={"grade": "grades", "userId": "userIds"},
        ),
        Member(
            "roles",
            ("sourcedId", "userSourcedId", "role", "orgSourcedId"),
            ("beginDate", "endDate"),
            days=("beginDate", "endDate"),
        ),
        Member(
            "enrollments",
            ("sourcedId", "classSourcedId", "schoolSourcedId", "userSourcedId", "role"),
            ("beginDate", "endDate"),
            days=("beginDate", "endDate"),
        ),
        Member(
            "demographics",
            ("sourcedId",),
            ("birthDate", "sex", *RACES, TWO_OR_MORE, HISPANIC),
            older={"userSourcedId": "sourcedId"},
            days=("birthDate",),
        ),
        Member("categories", ("sourcedId", "title")),
        Member("lineItems", ("sourcedId", "title", "classSourcedId"), ("categorySourcedId",)),
        Member(
            "results",
            ("sourcedId", "lineItemSourcedId", "studentSourcedId"),
            ("scoreStatus", "score", "textScore"),
        ),
    )
}

# The rest of the standard's files: known, never read.
NOT_READ = frozenset(
    {
        "classResources",
        "courseResources",
        "lineItemLearningObjectiveIds",
        "lineItemScoreScales",
        "resources",
        "resultLearningObjectiveIds",
        "resultScoreScales",
        "scoreScales",
        "userProfiles",
        "userResources",
    }
)

# A file that the manifest promises and the bundle lacks stops the load where it is one of these.
NEEDED_IF_PROMISED = ("orgs", "users", "roles", "academicSessions", "courses", "classes", "enrollments")

STATUSES = ("active", "tobedeleted", "inactive")
ORG_TYPES = ("department", "school", "district", "local", "state", "national")
SESSION_TYPES = ("term", "gradingPeriod", "schoolYear", "semester")
SEXES = ("male", "female", "unspecified", "other")
SCORE_STATUSES = ("exempt", "fully graded", "not submitted", "partially graded", "submitted")
# Of 1.1 and 1.2 together.
ROLES = (
    "administrator",
    "aide",
    "counselor",
    "districtAdministrator",
    "guardian",
    "parent",
    "principal",
    "proctor",
    "relative",
    "siteAdministrator",
    "student",
    "systemAdministrator",
    "teacher",
)
FAMILY = frozenset({"guardian", "parent", "relative"})
