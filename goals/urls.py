"""Readiness: where a school, district or state stands."""

from django.urls import path

from goals.urls_planning import urlpatterns as planning
from goals.views import dashboard, measure, rollups, students

app_name = "goals"
urlpatterns = [
    path("o/<slug:slug>/<int:year>/readiness/", dashboard.page, name="dashboard"),
    path("o/<slug:slug>/<int:year>/readiness/within-reach/", students.within_reach, name="within_reach"),
    path(
        "o/<slug:slug>/<int:year>/readiness/within-reach/<slug:form>/",
        students.within_reach_file,
        name="within_reach_file",
    ),
    path("o/<slug:slug>/<int:year>/readiness/<slug:code>/", measure.page, name="measure"),
    path("o/<slug:slug>/<int:year>/readiness/<slug:code>/students/", students.page, name="measure_students"),
    path(
        "o/<slug:slug>/<int:year>/readiness/<slug:code>/students/<slug:form>/",
        students.download,
        name="measure_students_file",
    ),
    path("system/rollups/", rollups.page, name="rollups"),
    path("system/rollups/<int:pk>/again/", rollups.again, name="rollup_again"),
    *planning,
]
