from django.http import HttpResponse


def page(request, slug, year, code):
    return HttpResponse(code)
