"""Readiness: where a school, district or state stands."""

from django.urls import path

from goals.views import dashboard, measure

app_name = "goals"
urlpatterns = [
    path("o/<slug:slug>/<int:year>/readiness/", dashboard.page, name="dashboard"),
    path("o/<slug:slug>/<int:year>/readiness/<slug:code>/", measure.page, name="measure"),
]
