"""Every page of the product."""

from django.urls import include, path

from hstw import draft_views, views
from hstw.metrics import metrics

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("styleguide/", views.styleguide, name="styleguide"),
    path("drafts/<str:key>/", draft_views.autosave, name="draft"),
    path("account/", include("allauth.urls")),
    path("", include("schools.urls")),
    path("", include("pathways.urls")),
    path("", include("goals.urls")),
    path("", include("awards.urls")),
]

handler403 = "hstw.views.permission_denied"
