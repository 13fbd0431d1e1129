"""What the plans of the demonstration world say: goals, needs, strategies with their action steps, money."""

from __future__ import annotations

FUNDS = (("Perkins V", 50_000), ("Title I", 120_000), ("General fund", 80_000))
# Measure, title, the goal, and what it begins from in the targets' first year.
GOALS = (
    ("ACGR4", "95 % of students graduate on time", 95),
    ("READY_EITHER", "80 % graduate ready for college, a career or both", 80),
    ("CHRONIC_ABSENCE", "No more than 8 % of students are chronically absent", 8),
)
TEAM = (("Morgan Wells", "Parent"), ("Robin Castillo", "Student, grade 11"), ("Lee Vance", "Employer"))
TOGETHER = "Departments meet on Tuesdays, teams of ninth-grade teachers on Thursdays, fifty minutes each."
STRATEGIES = (
    (
        "Extra help in mathematics every day",
        "extra-help",
        2,
        "Nomi and Allensworth (2009), double-dose algebra",
        (("Train the tutors", -20, "Perkins V", 2_400), ("Place students after the fall test", 6, "", 0)),
    ),
    (
        "An adviser for every student",
        "guidance",
        4,
        "Our logic model: one adult follows the plan of each student",
        (("Assign advisers to ninth-graders", 12, "", 0), ("Review plans with parents", 80, "Title I", 6_500)),
    ),
    (
        "Teachers plan together each week",
        "teachers-working-together",
        3,
        "Ronfeldt and others (2015), teacher collaboration",
        (("Agree on common planning time", -45, "", 0), ("Visit each other's classes", 25, "General fund", 3_200)),
    ),
)

# What the district does itself, beside what its schools do.
DISTRICT_STRATEGIES = (
    (
        "One adviser for every ninth-grader in each high school",
        "guidance",
        3,
        "Kemple, Herlihy and Smith (2005), ninth grade in Talent Development high schools",
        (("Train the advisers of all schools", -40, "Title I", 9_800), ("Look at ninth-grade marks", 18, "", 0)),
    ),
    (
        "Pathways that end in a credential employers ask for",
        "career-technical-studies",
        4,
        "Our logic model: labor market data, then pathway, then credential",
        (
            ("Meet employers about next year's pathways", -8, "", 0),
            ("Buy a second welding simulator", 21, "Perkins V", 14_500),
        ),
    ),
    (
        "Attendance teams in every school",
        "continuous-improvement",
        2,
        "Rogers and Feller (2018), reducing student absences at scale",
        (
            ("Send the first letters home", 9, "General fund", 1_150),
            ("Compare absences with last spring", 120, "", 0),
        ),
    ),
)
SUMMARY = (
    "More of our students graduate than five years ago. Too many of them were not ready in mathematics when they came "
    "to us, and too few finish a career pathway.\n\nNinth grade decides: who is on track there graduates."
)
DISTRICT_SUMMARY = (
    "Our schools graduate more students than five years ago, and they differ less. What still differs is what the "
    "diploma is worth: in one high school most graduates are ready for something, in another every second one.\n\n"
    "The district does what no school can do alone: pathways that students of all schools may take, advisers who "
    "learn from each other, and letters home that come in time."
)
# A plan's texts: what it says of where it stands, its need with the measure that shows it, and the root causes.
SCHOOL_NEED = (
    "One in five ninth-graders fails Algebra I",
    "Course results of the last three years; the gap is widest for students with disabilities.",
    "ON_TRACK_9",
    (
        ("No extra help before the first failing grade", "PROFICIENT_MATH"),
        ("Teachers of one course do not plan together", ""),
    ),
)
DISTRICT_NEED = (
    "Too few graduates meet a college or career benchmark",
    "Readiness of the last three classes, school by school; answers of employers at the advisory council.",
    "READY_EITHER",
    (
        ("Students choose electives before anybody has talked with them about a career", ""),
        ("Credentials that are earned are not those that employers ask for", ""),
    ),
)
