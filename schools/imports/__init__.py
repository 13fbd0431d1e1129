"""Data comes in: a file is detected, read into staging, compared, looked at by a person, applied, or undone.

One direction; no step knows the next one's inside::

    file ──detect──▶ layout ──read──▶ staging tables ──identify, compare──▶ preview ──yes──▶ apply ──▶ evidence
"""
