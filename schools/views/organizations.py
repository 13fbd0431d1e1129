"""Browse organizations, read one, edit one."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from schools.models import Organization


@require_safe
@login_required
def browse(request: HttpRequest) -> HttpResponse:
    """All that the person may see, searched and paged."""
    return render(request, "schools/organizations.html")


@require_safe
@login_required
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """An organization's own page."""
    organization = get_object_or_404(Organization.objects.visible_to(request.user), slug=slug)
    return render(request, "schools/organization.html", {"organization": organization})
