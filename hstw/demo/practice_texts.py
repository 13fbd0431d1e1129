"""What teams of the demonstration world say of their practice: evidence, consensus, findings of visits, comments."""

from __future__ import annotations

# By key practice: what a member has seen, and what the team agreed on and why.
SEEN = {
    "high-expectations": "Syllabi say what an A is in English and mathematics; in electives it is the teacher's own.",
    "program-of-study": "Nine of ten juniors have a plan on file. Two of the five I asked knew what is in theirs.",
    "academic-studies": "Seniors may still leave mathematics out. About one in four does.",
    "career-technical-studies": "Welding has a waiting list, business has eleven students.",
    "work-based-learning": "The clinic takes six a semester, the plant none since its manager left.",
    "teachers-working-together": "Ninth-grade teachers meet every Thursday, the others when there is a test to write.",
    "students-engaged": "In twelve walkthroughs students talked about their work in five.",
    "guidance": "Each of us advises twelve students; parents came to half of the conferences.",
    "extra-help": "Tutors are there on two afternoons. The bus leaves before them.",
    "continuous-improvement": "We look at results in August and do not come back to them.",
}
AGREED = {
    "teachers-working-together": "Those outside of ninth grade see it one step lower: they have no common period.",
    "guidance": "Counselors rate it higher than teachers do; we agreed after reading the plans of ten students.",
    "extra-help": "It exists, but not for those who ride the bus.",
    "continuous-improvement": "Data reviews after each quarter are in the plan from now on.",
}
# Focus area, whether it is a promising practice, the finding, and what the visitors recommend.
FINDINGS = (
    (
        "career-pathways",
        True,
        "Health science students plan, do and check real tasks with the clinic; three teachers share the assignments.",
        "Let the team show its assignments to the other pathways before winter break.",
    ),
    (
        "engaging-instruction",
        False,
        "In seven of twelve classes students copied from the board for most of the time.",
        "Choose one assignment a month per department that asks students to explain, and look at the work together.",
    ),
    (
        "systems-of-support",
        False,
        "Extra help begins after the first failing grade and ends when the bus leaves.",
        "Put extra help inside the school day, from the third week on.",
    ),
    (
        "leadership",
        True,
        "Teachers know the school's three goals and can say what they do for them.",
        "",
    ),
)
LATER = (
    (
        "systems-of-support",
        True,
        "Help is part of the day in ninth grade; thirty-one students used it in the first month.",
        "Open it to tenth grade when the second tutor is trained.",
    ),
)
# What is remarked at the parts of a plan: about which part, by whom, the words, and who settled it.
COMMENTS = (
    ("need", "planner", "How many of them are repeating the course? It would say whether help comes too late.", ""),
    ("strategy", "planner", "Which period is this in? Students who ride the bus cannot stay after three.", "principal"),
    ("strategy", "team", "The tutors would rather work in class than beside it. Could we try both?", ""),
    ("action", "counselor", "Two of the tutors work in both buildings. Can it be given twice?", "principal"),
    ("", "planner", "Clear and short. Please name somebody for the employers' part before the board reads it.", ""),
)
# Files at action steps: the title of the step, the file's name, what it shows, and its text.
FILES = (
    (
        "Agree on common planning time",
        "Minutes, common planning time.docx",
        "What was agreed, and by whom",
        (
            "Departments meet on Tuesdays and teams of ninth-grade teachers on Thursdays, fifty minutes each.",
            "The master schedule was changed for 14 teachers; two teach in both buildings and join by phone.",
            "Next: each team brings one assignment and its results to the first meeting of the month.",
        ),
    ),
    (
        "Train the tutors",
        "Agenda, training of tutors.docx",
        "Agenda; two of six tutors came",
        (
            "1. What we know of students who begin Algebra I behind.",
            "2. Working beside the teacher: three lessons, watched on video.",
            "3. Who is where from Monday on.",
        ),
    ),
    (
        "Train the advisers of all schools",
        "Agenda, training of advisers.docx",
        "Agenda and list of schools",
        (
            "Reading a student's plan: pathway, credits, what is missing.",
            "The first talk with parents; what to write down, and what not.",
        ),
    ),
)
