"""What a chart costs: coordinates and template together, of each shape, against the 5 ms that a chart may take.

.venv/bin/python -m tests.benchmarks.charts
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

BUDGET = 5.0
ROUNDS = 400


def main() -> None:
    """Draw each shape many times and print the table."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hstw.settings")
    import django

    django.setup()
    print(f"Milliseconds of processor time a chart, coordinates and template, {ROUNDS} rounds; budget {BUDGET:.0f}")
    print("| chart | median | p95 | slowest | bytes |")
    print("|---|---:|---:|---:|---:|")
    for name, draw in shapes().items():
        size = len(draw())
        times = []
        for _ in range(ROUNDS):
            begin = time.process_time()
            draw()
            times.append((time.process_time() - begin) * 1000)
        p95 = statistics.quantiles(times, n=20)[-1]
        print(f"| {name} | {statistics.median(times):.2f} | {p95:.2f} | {max(times):.2f} | {size:,} |")


def shapes() -> dict[str, Callable[[], str]]:
    """Each chart of the product as a function that draws it."""
    from django.template.loader import render_to_string

    from hstw import charts

    years = [f"{year}–{(year + 1) % 100:02d}" for year in range(2021, 2026)]
    points = [charts.Point(year, f"{70 + n} %", 70 + n) for n, year in enumerate(years)]
    lower = [charts.Point(year, f"{50 + n} %", 50 + n) for n, year in enumerate(years)]
    shares = [(n * 37) % 101 for n in range(1_100)]
    said = {"label": "Rate", "sentence": "Up from 70 % to 74 %.", "one": "One", "other": "Other"}

    def render(name: str, **context: object) -> str:
        return render_to_string(f"components/{name}.html", {**said, **context})

    return {
        "trend, small": lambda: render("trend", trend=charts.trend(points)),
        "trend, large with table": lambda: render(
            "trend",
            trend=charts.trend(points, width=400, height=170, goal=80, margin=30),
            large=True,
            table=True,
            words=True,
        ),
        "two groups": lambda: render("trend_pair", pair=charts.pair(lower, points)),
        "column": lambda: render("column", column=charts.with_gap(charts.column(70, goal=80, compare=75), 55)),
        "bar": lambda: render("bar_of_100", bar=charts.bar(70, mark=75, goal=80)),
        "strip of 60": lambda: render("strip", strip=charts.strip(shares[:60], here=3, goal=80, mark=75)),
        "strip of 1,100": lambda: render("strip", strip=charts.strip(shares, here=3, goal=80, mark=75)),
    }


if __name__ == "__main__":
    main()
