"""What the style guide shows: each component in its normal, empty, long, failing, loading and large state."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

LONG = "The Honorable Wilhelmina Featherstonehaugh-Montgomery Memorial Career and Technical High School of Tuscaloosa"
STATUSES = ["not_started", "on_track", "at_risk", "off_track", "done", "stopped", "no_data"]
COLORS = ["ink", "ink-2", "brand", "action", "good", "warn", "bad", "done", "none", "paper", "card", "sunk", "line"]
PARTS = {
    "type": gettext_lazy("Type"),
    "colors": gettext_lazy("Colors"),
    "status": gettext_lazy("Status"),
    "figures": gettext_lazy("Figures"),
    "buttons": gettext_lazy("Buttons"),
    "notices": gettext_lazy("Notices"),
    "lists": gettext_lazy("Lists and facts"),
    "steps": gettext_lazy("Steps"),
    "forms": gettext_lazy("Forms"),
    "saved": gettext_lazy("Saving"),
    "history": gettext_lazy("Who changed what"),
    "empties": gettext_lazy("Empty places"),
    "loading": gettext_lazy("Loading"),
    "table": gettext_lazy("Tables"),
}


class Example(forms.Form):
    """One field of each sort, filled in wrongly."""

    goal = forms.CharField(
        label=gettext_lazy("Goal"), help_text=gettext_lazy("What will be different, in one sentence.")
    )
    year = forms.IntegerField(label=gettext_lazy("By the end of"), min_value=2020)
    measure = forms.ChoiceField(
        label=gettext_lazy("Measured by"),
        choices=[("rate", gettext_lazy("a share of students")), ("count", gettext_lazy("a count"))],
        widget=forms.RadioSelect,
    )
    shared = forms.BooleanField(label=gettext_lazy("The whole team may edit it"), required=False)


def _events() -> list[dict[str, Any]]:
    """Changes as :func:`hstw.history.events_of` gives them."""
    at = timezone.now()
    street = {"label": _("Street"), "before": "100 Ridge Road", "after": "1 Valley Road"}
    name = {"label": _("Name"), "before": None, "after": LONG}
    return [
        {"kind": "update", "label": _("Changed"), "who": "Maria Lopez", "when": at, "changes": [street]},
        {"kind": "insert", "label": _("Added"), "who": _("the system"), "when": at, "changes": [name]},
    ]


def contents() -> dict[str, Any]:
    """The template context of the style guide."""
    rows = [{"name": f"School {n}", "status": STATUSES[n % 7], "n": f"{n * 37 % 2000:,}"} for n in range(1, 1001)]
    return {
        "parts": [
            {"name": name, "title": title, "template": f"styleguide/{name}.html"} for name, title in PARTS.items()
        ],
        "colors": COLORS,
        "statuses": STATUSES,
        "failing": Example({"goal": "", "year": "1999"}),
        "long": LONG,
        "steps": [
            (_("Upload"), _("The file is read; nothing is changed yet.")),
            (_("Look at the differences"), _("What is new, changed or gone, and what is wrong with which line.")),
            (_("Apply"), _("All of it, or nothing.")),
        ],
        "events": Paginator(_events(), 20).get_page(1),
        "no_events": Paginator([], 20).get_page(1),
        "rows": rows,
        "page_obj": Paginator(rows, 50).get_page(2),
    }
