"""Organizations and people."""

from django.urls import path

from schools.views import organizations

app_name = "schools"
urlpatterns = [
    path("organizations/", organizations.browse, name="organizations"),
    path("o/<slug:slug>/", organizations.page, name="organization"),
]
