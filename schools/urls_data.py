"""Data: what is loaded, imports, templates; students by name."""

from django.urls import path

from schools.views.data import batch, downloads, duplicates, load, log, nobody, overview, students, templates

_AT = "o/<slug:slug>/<int:year>"
_IMPORT = "data/imports/<uuid:public_id>"

urlpatterns = [
    path(f"{_AT}/data/", overview.page, name="data"),
    path(f"{_AT}/data/load/", load.page, name="import_new"),
    path(f"{_AT}/data/none/<slug:kind>/", nobody.page, name="data_none"),
    path(f"{_AT}/data/imports/", log.page, name="imports"),
    path(f"{_AT}/data/templates/", templates.browse, name="import_templates"),
    path(f"{_AT}/data/templates/<slug:kind>.<slug:form>", templates.blank, name="import_template"),
    path(f"{_AT}/data/duplicates/", duplicates.page, name="duplicates"),
    path(f"{_AT}/students/", students.browse, name="students"),
    path(f"{_IMPORT}/", batch.page, name="import"),
    path(f"{_IMPORT}/file/", downloads.file, name="import_file"),
    path(f"{_IMPORT}/left-out/", downloads.rejected, name="import_rejected"),
    path(f"{_IMPORT}/changes/", downloads.changes, name="import_changes"),
    path("students/<uuid:public_id>/", students.page, name="student"),
    path("students/<uuid:public_id>/<slug:table>/<int:pk>/", students.row, name="student_row"),
    path("students/<uuid:public_id>/<slug:table>/<int:pk>/<slug:field>/", students.correct, name="student_correct"),
]
