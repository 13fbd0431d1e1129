"""Georgia: one wide file of school results put together from the Governor's Office of Student Achievement's.

It names schools and nothing else: no ids, no year. A name that two schools have is refused, never guessed.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from goals.published.maps import Cell, Publication, Sheet

_TESTED = "act_students_tested"

GEORGIA = Publication(
    code="georgia-schools",
    title=_("Georgia: results of schools"),
    source=_("Governor's Office of Student Achievement, Georgia"),
    publisher="georgia-gosa",
    state="GA",
    # Regional and state rows are named like schools; names are looked for among schools only.
    finds=("school",),
    sheets=(
        Sheet(
            organization="school_name",
            cells=(
                Cell("ACGR4", "graduation_rate"),
                Cell("DROPOUT_ANNUAL", "dropout_rate"),
                Cell("GA_HOPE_ELIGIBLE", "hope_eligible_pct"),
                Cell("AP_COURSES", numerator="ap_course_count"),
                Cell("AP_TAKERS", numerator="ap_students_tested"),
                Cell("AP_PASS", "ap_exam_pass_rate", "ap_tests_3plus", "ap_tests_administered"),
                Cell("ACT_MEAN_COMPOSITE", "act_composite_avg", denominator=_TESTED),
                Cell("ACT_MEAN_ENGLISH", "act_english_avg", denominator=_TESTED),
                Cell("ACT_MEAN_MATH", "act_math_avg", denominator=_TESTED),
                Cell("ACT_MEAN_READING", "act_reading_avg", denominator=_TESTED),
                Cell("ACT_MEAN_SCIENCE", "act_science_avg", denominator=_TESTED),
                Cell("GA_EOC_ALGEBRA", "eoc_algebra_proficient_pct"),
                Cell("GA_EOC_BIOLOGY", "eoc_biology_proficient_pct"),
                Cell("GA_EOC_AMERICAN_LITERATURE", "eoc_amlit_proficient_pct"),
                Cell("GA_EOC_US_HISTORY", "eoc_ushistory_proficient_pct"),
            ),
        ),
    ),
    year_means=_("The file names no year: its results go into the school year chosen at upload."),
    help=_(
        "Schools are found by name alone, so load the directory first. Spending, star ratings and shares of teachers "
        "are not taken: they are not results of students."
    ),
    whole_state=frozenset({"All Georgia Schools"}),
)
