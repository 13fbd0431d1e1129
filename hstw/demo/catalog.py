"""What can be studied, tested and earned in the demonstration world: courses, pathways, credentials, tests.

SCED codes, CIP codes and AP subjects are the published ones; pathways and their sequences are ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

YEAR, FALL, SPRING = "YR", "S1", "S2"


class Course(NamedTuple):
    """One course of the catalog; ``credits`` in hundredths; ``hardness`` is taken off the mark."""

    sced: str
    title: str
    subject: str
    level: str = "general"
    credits: int = 100
    term: str = YEAR
    cip: str = ""
    hardness: float = 0.0
    exam: str = ""


@dataclass(frozen=True)
class Pathway:
    """A sequence of CTE courses; ``rare`` is the sex that is under-represented in the occupation."""

    name: str
    cip: str
    courses: tuple[tuple[str, str], ...]
    credentials: tuple[tuple[str, str], ...]
    rare: str = ""
    level: str = "general"
    work: str = "internship"


PATHWAYS = (
    Pathway(
        "Health science",
        "51.3902",
        (
            ("14251", "Foundations of Health Science"),
            ("14002", "Health Care Occupations"),
            ("14051", "Nursing Assistant"),
            ("14298", "Health Science Internship"),
        ),
        (("CNA", "State board of nursing"), ("CPCT-A", "National Healthcareer Association")),
        rare="M",
        work="clinical",
    ),
    Pathway(
        "Welding technology",
        "48.0508",
        (
            ("13201", "Introduction to Metalwork"),
            ("13207", "Welding I"),
            ("13207", "Welding II"),
            ("13208", "Pipe and Structural Welding"),
        ),
        (("AWS-SENSE-1", "American Welding Society"), ("NCCER-CORE", "NCCER")),
        rare="F",
        work="apprenticeship",
    ),
    Pathway(
        "Information technology and cybersecurity",
        "11.1003",
        (
            ("10012", "Exploring Computer Science"),
            ("10101", "Network Technology"),
            ("10020", "Cybersecurity I"),
            ("10020", "Cybersecurity II"),
        ),
        (("COMPTIA-ITF", "CompTIA"), ("COMPTIA-SEC", "CompTIA")),
        rare="F",
    ),
    Pathway(
        "Automotive technology",
        "47.0604",
        (
            ("20103", "Introduction to Automobiles"),
            ("20106", "Automotive Service A"),
            ("20104", "Automotive Service B"),
            ("20104", "Automotive Service C"),
        ),
        (("ASE-ENTRY-MR", "National Institute for Automotive Service Excellence"),),
        rare="F",
        work="apprenticeship",
    ),
    Pathway(
        "Construction and carpentry",
        "46.0201",
        (
            ("17001", "Construction Careers"),
            ("17003", "Carpentry I"),
            ("17004", "Framing Carpentry"),
            ("17002", "Construction Project"),
        ),
        (("NCCER-CORE", "NCCER"), ("OSHA-10", "OSHA Outreach Training Program")),
        rare="F",
        work="apprenticeship",
    ),
    Pathway(
        "Engineering and automation",
        "15.0407",
        (
            ("21004", "Principles of Engineering"),
            ("21006", "Engineering Design"),
            ("21009", "Robotics"),
            ("21010", "Computer Integrated Manufacturing"),
        ),
        (("FANUC-CERT", "FANUC America"), ("MSSC-CPT", "Manufacturing Skill Standards Council")),
        rare="F",
    ),
    Pathway(
        "Business and finance",
        "52.0201",
        (
            ("12051", "Introductory Business"),
            ("12104", "Accounting"),
            ("12052", "Business Management"),
            ("12053", "Entrepreneurship"),
        ),
        (("MOS-EXCEL", "Microsoft"), ("ESB", "Certiport")),
    ),
    Pathway(
        "Teaching and early childhood",
        "13.1210",
        (
            ("19052", "Child Development"),
            ("19151", "Teaching Profession I"),
            ("19153", "Early Childhood Teaching"),
            ("19152", "Educational Methods Internship"),
        ),
        (("CDA", "Council for Professional Recognition"), ("PARAPRO", "ETS")),
        rare="M",
    ),
    Pathway(
        "Agriculture",
        "01.0000",
        (
            ("18003", "Fundamentals of Agriscience"),
            ("18101", "Animal Science"),
            ("18201", "Agribusiness Management"),
            ("18401", "Agricultural Mechanics"),
        ),
        (("BQA", "Beef Quality Assurance"),),
    ),
    Pathway(
        "Culinary arts",
        "12.0503",
        (
            ("16053", "Culinary Arts I"),
            ("16052", "Culinary Arts II"),
            ("16056", "Baking and Pastry"),
            ("16055", "Restaurant Management"),
        ),
        (
            ("SERVSAFE-FH", "National Restaurant Association"),
            ("SERVSAFE-MGR", "National Restaurant Association"),
        ),
    ),
    Pathway(
        "Law and public safety",
        "43.0107",
        (
            ("15051", "Introduction to Criminal Justice"),
            ("15054", "Law Enforcement"),
            ("15057", "Criminal Law and Procedures"),
            ("15098", "Public Safety Internship"),
        ),
        (("911-TELECOM", "International Academies of Emergency Dispatch"),),
        rare="F",
    ),
    Pathway(
        "Energy and power",
        "15.0303",
        (
            ("20101", "AC Energy and Power I"),
            ("20101", "AC Energy and Power II"),
            ("20101", "AC Energy and Power III"),
            ("20101", "AC Energy and Power IV"),
        ),
        (("NCCER-ELEC-1", "NCCER"),),
        rare="F",
        level="ac",
    ),
)
ADVANCED_CAREER = len(PATHWAYS) - 1


@dataclass
class Catalog:
    """Every course, each at the position that the simulation stores."""

    courses: list[Course] = field(default_factory=list)

    def add(self, course: Course) -> int:
        """Add a course; its position."""
        self.courses.append(course)
        return len(self.courses) - 1


CATALOG = Catalog()
_add = CATALOG.add

# Grades 3 to 8: English, mathematics, science, social studies, and physical education from grade 6.
ELEMENTARY: dict[int, tuple[int, ...]] = {
    grade: tuple(
        _add(Course(f"{base + grade:05d}", f"{title}, grade {grade}", subject, credits=0, hardness=hard))
        for base, title, subject, hard in (
            (1028, "Language Arts", "ela", 0.0),
            (2030, "Mathematics", "math", 0.15),
            (3230, "Science", "science", 0.0),
            (4430, "Social Studies", "social_studies", -0.1),
            (8030, "Physical Education", "pe", -1.2),
        )
    )
    for grade in range(3, 9)
}


def _levels(sced: str, title: str, subject: str, hardness: float = 0.0, credits: int = 100) -> tuple[int, int]:
    """A course in its general and its honors form."""
    return (
        _add(Course(sced, title, subject, credits=credits, hardness=hardness)),
        _add(Course(sced, f"{title} (Honors)", subject, "honors", credits, hardness=hardness + 0.35)),
    )


def _advanced(sced: str, title: str, subject: str, level: str = "ap", exam: str = "") -> int:
    return _add(Course(sced, title, subject, level, hardness=0.6, exam=exam))


# By year of the sequence (0 is grade 9): general, honors.
ENGLISH = (
    _levels("01001", "English 9", "ela", 0.25),
    _levels("01002", "English 10", "ela", 0.1),
    _levels("01003", "English 11", "ela"),
    _levels("01004", "English 12", "ela"),
)
MATH = (
    _levels("02052", "Algebra I", "math", 0.35),
    _levels("02072", "Geometry", "math", 0.2),
    _levels("02056", "Algebra II", "math", 0.25),
    _levels("02201", "Probability and Statistics", "math", 0.1),
    _levels("02110", "Pre-Calculus", "math", 0.2),
)
SCIENCE = (
    _levels("03051", "Biology", "science", 0.25),
    _levels("03159", "Physical Science", "science", 0.1),
    _levels("03101", "Chemistry", "science", 0.15),
    _levels("03003", "Environmental Science", "science"),
)
SOCIAL = (
    _levels("04051", "World History", "social_studies", 0.15),
    _levels("04102", "U.S. History to 1877", "social_studies"),
    _levels("04103", "U.S. History since 1877", "social_studies"),
    _levels("04151", "U.S. Government", "social_studies", credits=50),
)
CORE = (ENGLISH, MATH, SCIENCE, SOCIAL)

# What able students take in place of the core course of that year: (grade, core column) → course.
ADVANCED: dict[tuple[int, int], int] = {
    (11, 0): _advanced("01005", "AP English Language and Composition", "ela", exam="English Language"),
    (12, 0): _advanced("01006", "AP English Literature and Composition", "ela", exam="English Literature"),
    (12, 1): _advanced("02124", "AP Calculus AB", "math", exam="Calculus AB"),
    (11, 2): _advanced("03056", "AP Biology", "science", exam="Biology"),
    (12, 2): _advanced("03207", "AP Environmental Science", "science", exam="Environmental Science"),
    (11, 3): _advanced("04104", "AP U.S. History", "social_studies", exam="United States History"),
}
IB_ENGLISH = _advanced("01007", "IB Language A: Literature", "ela", "ib", exam="English A: Literature HL")
IB_HISTORY = _advanced("04054", "IB History", "social_studies", "ib", exam="History HL")
DUAL_ENGLISH = _advanced("01103", "English Composition (Dual Enrollment)", "ela", "dual")
ALGEBRA_IN_GRADE_8 = _add(Course("02052", "Algebra I", "math", "honors", hardness=0.3))
ECONOMICS = _add(Course("04201", "Economics", "social_studies", credits=50, term=SPRING))

# Electives by grade; the last ones give way to career and technical courses.
ELECTIVES: dict[int, tuple[int, int, int]] = {
    9: (
        _add(Course("08001", "Physical Education", "pe", hardness=-1.2)),
        _add(Course("10004", "Computer Applications", "computing", hardness=-0.6)),
        _add(Course("05154", "Visual Arts", "arts", hardness=-0.9)),
    ),
    10: (
        _add(Course("08051", "Health Education", "pe", credits=50, term=FALL, hardness=-1.0)),
        _add(Course("24052", "Spanish I", "language")),
        _add(Course("05154", "Visual Arts II", "arts", hardness=-0.9)),
    ),
    11: (
        _add(Course("24053", "Spanish II", "language")),
        _add(Course("22101", "Leadership", "other", hardness=-0.8)),
        _add(Course("08005", "Fitness and Conditioning", "pe", hardness=-1.2)),
    ),
    12: (
        ECONOMICS,
        _add(Course("19262", "Personal Finance", "other", hardness=-0.4)),
        _add(Course("22152", "Employability Skills", "other", hardness=-0.6)),
    ),
}
# Career and technical courses: at the home school one credit, at a technology center a block of two; there the later
# ones carry credit of the college next door.
COLLEGE_CREDIT_FROM = 2
CTE_HOME = tuple(
    tuple(
        _add(Course(sced, title, "cte", pathway.level, cip=pathway.cip, hardness=-0.4))
        for sced, title in pathway.courses
    )
    for pathway in PATHWAYS
)
CTE_CENTER = tuple(
    tuple(
        _add(
            Course(
                sced,
                title,
                "cte",
                "dual" if step >= COLLEGE_CREDIT_FROM and pathway.level == "general" else pathway.level,
                200,
                cip=pathway.cip,
                hardness=-0.4,
            )
        )
        for step, (sced, title) in enumerate(pathway.courses)
    )
    for pathway in PATHWAYS
)

CREDENTIALS = tuple(credential for pathway in PATHWAYS for credential in pathway.credentials)
FIRST_CREDENTIAL = tuple(
    sum(len(before.credentials) for before in PATHWAYS[:position]) for position in range(len(PATHWAYS))
)
