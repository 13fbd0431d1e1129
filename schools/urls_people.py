"""The people of an organization, invitations, and who can see what."""

from django.urls import path

from schools.views import invitations, people

_AT = "o/<slug:slug>/<int:year>"

urlpatterns = [
    path(f"{_AT}/people/", people.page, name="people"),
    path(f"{_AT}/people/ended/", people.ended, name="people_ended"),
    path(f"{_AT}/people/add/", people.add, name="role_add"),
    path(f"{_AT}/people/roles/<int:pk>/", people.role, name="role"),
    path(f"{_AT}/people/<int:pk>/hand-over/", people.hand_over, name="hand_over"),
    path(f"{_AT}/people/invitations/", invitations.browse, name="invitations"),
    path(f"{_AT}/people/invitations/<uuid:public_id>/", invitations.page, name="invitation"),
    path(f"{_AT}/people/invite/", invitations.invite, name="invite"),
    path(f"{_AT}/people/invite/file/", invitations.invite_file, name="invite_file"),
    path(f"{_AT}/people/invite/file/sample.csv", invitations.sample, name="invite_sample"),
    path(f"{_AT}/access/", people.access, name="access"),
    path(f"{_AT}/access/<slug:action>/", people.access_to, name="access_to"),
    path("invitation/<str:token>/", invitations.accept, name="invitation_accept"),
]
