"""Readiness: where a school, district, cooperative, state or the network stands."""

from django.urls import path

from goals.urls_planning import urlpatterns as planning
from goals.views import closing, compare, dashboard, measure, preferences, rollups, students

app_name = "goals"
urlpatterns = [
    path("o/<slug:slug>/<int:year>/readiness/", dashboard.page, name="dashboard"),
    path("o/<slug:slug>/<int:year>/readiness/within-reach/", students.within_reach, name="within_reach"),
    path(
        "o/<slug:slug>/<int:year>/readiness/within-reach/<slug:form>/",
        students.within_reach_file,
        name="within_reach_file",
    ),
    path("o/<slug:slug>/<int:year>/readiness/settings/", preferences.page, name="settings"),
    path("o/<slug:slug>/<int:year>/readiness/closing/", closing.page, name="closing"),
    path("o/<slug:slug>/<int:year>/readiness/closing/<int:pk>/", closing.reopen, name="closing_reopen"),
    path("o/<slug:slug>/<int:year>/readiness/table/<slug:form>/", dashboard.download, name="dashboard_file"),
    path("o/<slug:slug>/<int:year>/readiness/compare/", compare.page, name="compare"),
    path("o/<slug:slug>/<int:year>/readiness/compare/<slug:form>/", compare.download, name="compare_file"),
    path("o/<slug:slug>/<int:year>/readiness/trends/", compare.trends, name="trends"),
    path("o/<slug:slug>/<int:year>/readiness/<slug:code>/", measure.page, name="measure"),
    path("o/<slug:slug>/<int:year>/readiness/<slug:code>/students/", students.page, name="measure_students"),
    path(
        "o/<slug:slug>/<int:year>/readiness/<slug:code>/students/<slug:form>/",
        students.download,
        name="measure_students_file",
    ),
    # After the pages of students: what stands in place of their word is the kind of file.
    path("o/<slug:slug>/<int:year>/readiness/<slug:code>/<slug:form>/", measure.download, name="measure_file"),
    path("system/rollups/", rollups.page, name="rollups"),
    path("system/rollups/<int:pk>/again/", rollups.again, name="rollup_again"),
    *planning,
]
