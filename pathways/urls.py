"""Pathways: what is offered, and the student's way through it."""

from django.urls import path

from pathways.views import catalog, designer, ledger, partners, pathway, portfolio, programs, suggest

app_name = "pathways"
AT = "o/<slug:slug>/<int:year>/pathways/"

urlpatterns = [
    path("codes/programs/", suggest.programs, name="program_codes"),
    path(AT, portfolio.page, name="portfolio"),
    path(f"{AT}new/", pathway.new, name="pathway_new"),
    path(f"{AT}<int:pk>/", pathway.page, name="pathway"),
    path(f"{AT}<int:pk>/edit/", pathway.edit, name="pathway_edit"),
    path(f"{AT}<int:pk>/courses/", designer.page, name="design"),
    path(f"{AT}<int:pk>/history/", pathway.history, name="pathway_history"),
    path(f"{AT}catalog/", catalog.courses, name="courses"),
    path(f"{AT}catalog/found/", suggest.courses, name="course_codes"),
    path(f"{AT}catalog/new/", catalog.course_new, name="course_new"),
    path(f"{AT}catalog/<int:pk>/", catalog.course, name="course"),
    path(f"{AT}graduation/", catalog.graduation, name="graduation"),
    path(f"{AT}list/", catalog.credential_types, name="credential_types"),
    path(f"{AT}list/found/", suggest.credentials, name="credential_codes"),
    path(f"{AT}list/new/", catalog.credential_type_new, name="credential_type_new"),
    path(f"{AT}list/<int:pk>/", catalog.credential_type, name="credential_type"),
    path(f"{AT}credentials/", ledger.page, name="ledger"),
    path(f"{AT}credentials/new/", ledger.new, name="credential_new"),
    path(f"{AT}credentials/<int:pk>/", ledger.entry, name="credential"),
    path(f"{AT}credentials/<int:pk>/proof/", ledger.proof, name="credential_proof"),
    path(f"{AT}credentials/<slug:form>/", ledger.download, name="ledger_file"),
    path(f"{AT}programs/", programs.page, name="programs"),
    path(f"{AT}programs/<uuid:public_id>/", programs.program, name="program"),
    path(f"{AT}programs/<uuid:public_id>/edit/", programs.edit, name="program_edit"),
    path(f"{AT}programs/<slug:form>/", programs.download, name="programs_file"),
    path(f"{AT}partners/", partners.page, name="partners"),
    path(f"{AT}partners/new/", partners.new, name="partner_new"),
    path(f"{AT}partners/<int:pk>/", partners.edit, name="partner"),
    path(f"{AT}partners/<int:partner>/commitments/new/", partners.commitment_new, name="commitment_new"),
    path(f"{AT}partners/commitments/<int:pk>/", partners.commitment, name="commitment"),
]
