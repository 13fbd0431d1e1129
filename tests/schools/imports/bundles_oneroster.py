"""OneRoster bundles written for these tests: one district, two schools, a few students. Nobody in them is real."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

Files = dict[str, str]

_MANIFEST = "propertyName,value\nmanifest.version,1.0\noneroster.version,{version}\n"

ORGS = """\
sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId,metadata.city
d,,,Tombigbee City,district,0100002,,
harbor,,,Harbor High,school,0010,d,Demopolis
bend,,,River Bend Middle,school,0020,d,Demopolis
math,,,Mathematics,department,,harbor,
"""
SESSIONS = """\
sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear
fy,,,Full year,schoolYear,2024-08-12,2025-05-30,,2025
s1,,,Fall,semester,2024-08-12,2024-12-20,fy,2025
s2,,,Spring,semester,2025-01-06,2025-05-30,fy,2025
"""
COURSES = """\
sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes
alg,,,,Algebra II,MAT201,,d,Math,02056
bio,,,,AP Biology,SCI401,,d,Science,
art,,,,Art,,,d,,
"""
CLASSES = """\
sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods
alg-1,,,Algebra II (1),,alg,01,scheduled,,harbor,fy,,,1
bio-f,,,Biology fall,,bio,,scheduled,,harbor,s1,,,2
art-b,,,Art,,art,7A,scheduled,,bend,"s1,s2",,,3
"""
USERS = """\
sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password
u1,,,true,harbor,student,u1,"{State ID:1904417263},{LDAP:u1}",MARIA,ALVAREZ,Luz,000481,,,,p1,11,
u2,,,true,"harbor,bend",student,u2,,Jo,Park,,000482,,,,,"09,10",
u3,,,true,math,student,u3,,Ana,Reyes,,000483,,,,,9,
u4,,,true,bend,student,u4,,Lee,Ford,,000484,,,,,08,
t1,,,true,harbor,teacher,t1,,Kim,Bell,,T1,,,,,,
t2,,,true,bend,teacher,t2,,Ray,Cole,,T2,,,,,,
p1,,,true,harbor,parent,p1,,Eva,Alvarez,,,,,,u1,,
"""
ENROLLMENTS = """\
sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate
e1,,,alg-1,harbor,u1,student,,2024-08-12,2025-05-30
e2,,,bio-f,harbor,u1,student,,2024-08-14,2024-12-20
e3,,,alg-1,harbor,u2,student,,2024-09-03,2025-05-30
e4,,,art-b,bend,u2,student,,2024-08-20,2025-05-30
e5,,,alg-1,harbor,u3,student,,,
e6,,,art-b,bend,u4,student,,2024-08-12,2024-10-05
e7,,,alg-1,harbor,t1,teacher,true,,
"""
DEMOGRAPHICS = """\
sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,asian,blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus
u1,,,2008-03-14,female,false,true,false,false,true,false,true,,,,
u2,,,2009-11-02,male,false,true,false,false,true,false,false,,,,
u3,,,,,,,true,,,,,,,,
t1,,,1980-01-01,male,false,false,false,false,true,false,false,,,,
"""
_BULK = {
    "orgs": ORGS,
    "academicSessions": SESSIONS,
    "courses": COURSES,
    "classes": CLASSES,
    "users": USERS,
    "enrollments": ENROLLMENTS,
    "demographics": DEMOGRAPHICS,
}


def manifest(version: str = "1.1", **modes: str) -> str:
    """A manifest that says this of these files."""
    return _MANIFEST.format(version=version) + "".join(f"file.{name},{mode}\n" for name, mode in modes.items())


def bulk(**changes: str | None) -> Files:
    """A 1.1 bulk bundle with some files changed, or taken out (``None``); its manifest says what is there."""
    files = {name: text for name, text in {**_BULK, **changes}.items() if text is not None}
    files = {"manifest": manifest(**dict.fromkeys(files, "bulk")), **files}
    return {f"{name}.csv": text for name, text in files.items()}


USERS_1_2 = """\
sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns
u1,,,true,u1,{stateStudentNumber:1904417263},Maria,Alvarez,Luz,000481,,,,,11,,,,,,harbor,
u2,,,true,u2,,Jo,Park,,000482,,,,,10,,,,,,,
u3,,,true,u3,,Ana,Reyes,,000483,,,,,09,,,,,,,
u5,,,true,u5,,Sam,Hale,,000485,,,,,12,,,,,,,
t1,,,true,t1,,Kim,Bell,,T1,,,,,,,,,,,,
"""
ROLES = """\
sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId
r1,,,u1,primary,student,2022-08-10,,harbor,
r2,,,u2,primary,student,2024-10-07,,harbor,
r3,,,u2,secondary,student,,2024-10-04,bend,
r4,,,u3,primary,student,,2025-05-30,harbor,
r5,,,u5,primary,student,2023-08-10,2024-05-24,harbor,
r6,,,t1,primary,teacher,,,harbor,
r7,,,t1,secondary,siteAdministrator,,,bend,
"""


def bulk_1_2(**changes: str | None) -> Files:
    """A 1.2 bulk bundle: schools and roles in ``roles.csv``."""
    given = {**_BULK, "users": USERS_1_2, "roles": ROLES, "enrollments": None, "demographics": None, **changes}
    files = {name: text for name, text in given.items() if text is not None}
    files = {"manifest": manifest("1.2", **dict.fromkeys(files, "bulk")), **files}
    return {f"{name}.csv": text for name, text in files.items()}


def delta(files: Files, version: str = "1.1") -> Files:
    """The same files called a delta."""
    names = [name.removesuffix(".csv") for name in files if name != "manifest.csv"]
    return files | {"manifest.csv": manifest(version, **dict.fromkeys(names, "delta"))}


def cut(text: str, *ids: str) -> str:
    """The heading and the rows of these ids."""
    rows = list(csv.reader(io.StringIO(text)))
    return written([rows[0], *(row for row in rows[1:] if row[0] in ids)])


def changed(text: str, one: str, **cells: str) -> str:
    """The row of an id with other cells."""
    rows = list(csv.reader(io.StringIO(text)))
    for row in rows[1:]:
        if row[0] == one:
            for column, value in cells.items():
                row[rows[0].index(column)] = value
    return written(rows)


def without(text: str, *columns: str) -> str:
    """Without some columns."""
    rows = list(csv.reader(io.StringIO(text)))
    keep = [at for at, heading in enumerate(rows[0]) if heading not in columns]
    return written([[row[at] for at in keep] for row in rows])


def written(rows: Sequence[Sequence[str]]) -> str:
    """CSV text."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()
