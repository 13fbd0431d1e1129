"""Organizations and people."""

from django.urls import path

from schools.urls_data import urlpatterns as data
from schools.urls_people import urlpatterns as people
from schools.views import organizations, standing

app_name = "schools"
urlpatterns = [
    path("organizations/", organizations.browse, name="organizations"),
    path("o/<slug:slug>/", organizations.to_this_year, name="organization_now"),
    path("o/<slug:slug>/<int:year>/", organizations.page, name="organization"),
    path("o/<slug:slug>/<int:year>/edit/", organizations.edit, name="organization_edit"),
    path("o/<slug:slug>/<int:year>/add/", organizations.add, name="organization_add"),
    path("o/<slug:slug>/<int:year>/history/", organizations.history, name="organization_history"),
    path("o/<slug:slug>/<int:year>/standing/<slug:kind>/add/", standing.add, name="standing_add"),
    path("o/<slug:slug>/<int:year>/standing/<slug:kind>/<int:pk>/", standing.edit, name="standing_edit"),
    *data,
    *people,
]
