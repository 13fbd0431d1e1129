"""Celery: wakes workers. PostgreSQL is the queue of record (design, section 2)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hstw.settings")

app = Celery("hstw")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["hstw", "schools", "pathways", "goals"])
