"""A plan as a document: tagged PDF and Word, both from the frozen content alone."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from goals.models import Status
from hstw.exports.pdf import pdf
from hstw.exports.word import Block, Bullets, Heading, Paragraph, Table, word


def as_pdf(content: dict[str, Any], checksum: str = "") -> bytes:
    """The plan as PDF/UA-1, by ``templates/pdf/plan.typ``."""
    return pdf("plan", data_of(content, checksum))


def data_of(content: dict[str, Any], checksum: str = "") -> dict[str, Any]:
    """What the template gets: the content with dates and money as they are said, and every word of its own."""
    title = _("Improvement plan %(year)s") % {"year": content["year_label"]}
    return {
        "title": f"{content['organization']}: {title}",
        "subtitle": _approved(content),
        "language": (get_language() or "en").partition("-")[0],
        "footer": _footer(content, checksum),
        "plan": content | {"goals": [_goal(goal) for goal in content["goals"]], "money": money_rows(content)},
        "totals": _totals(content),
        "words": _words(),
    }


def _approved(content: dict[str, Any]) -> str:
    found = content.get("approved")
    if not found:
        return _("Draft: not approved")
    return _("Version %(number)s, approved by %(by)s on %(day)s") % {
        "number": found["number"],
        "by": found["by"],
        "day": _day(found["at"]),
    }


def _footer(content: dict[str, Any], checksum: str) -> str:
    name = f"{content['organization']}, {content['year_label']}"
    return f"{name} · {_('checksum')} {checksum[:16]}" if checksum else name


def _goal(goal: dict[str, Any]) -> dict[str, Any]:
    status = _status_words().get(goal["status"]["code"], goal["status"]["code"])
    strategies = [
        strategy | {"actions": [_action(action) for action in strategy["actions"]]} for strategy in goal["strategies"]
    ]
    return goal | {
        "strategies": strategies,
        "status": {"word": status, "reason": goal["status"]["reason"]},
        "years": _years(goal),
    }


def _years(goal: dict[str, Any]) -> list[dict[str, str]]:
    """What was reached and what is aimed at, year by year."""
    figures = {one["year"]: one["text"] for one in goal["figures"]}
    targets = {one["year"]: one["value"] for one in goal["targets"]}
    return [
        {"year": year, "figure": figures.get(year, "—"), "target": targets.get(year, "—")}
        for year in sorted({*figures, *targets})
    ]


def _action(action: dict[str, Any]) -> dict[str, Any]:
    lines = [
        {"fund": line["fund"], "amount": dollars(line["amount"]), "purpose": line["purpose"]}
        for line in action["money"]
    ]
    when = pgettext("from a day to a day", "%(starts)s to %(due)s") % {
        "starts": _day(action["starts"]),
        "due": _day(action["due"]),
    }
    return action | {"when": when, "money": lines}


def _status_words() -> dict[str, str]:
    return {status.value: str(status.label) for status in Status}


def money_rows(content: dict[str, Any]) -> list[dict[str, str]]:
    """The funds, as they are said."""
    return [
        {
            "fund": row["fund"],
            "given": dollars(row["given"]),
            "planned": dollars(row["planned"]),
            "left": dollars(row["left"]),
        }
        for row in content["money"]
    ]


def _totals(content: dict[str, Any]) -> dict[str, str]:
    return {
        key: dollars(str(sum((Decimal(row[key]) for row in content["money"]), Decimal("0.00"))))
        for key in ("given", "planned", "left")
    }


def dollars(amount: str) -> str:
    """An amount as it is said: ``$50,000.00``, ``−$2,300.00``."""
    whole, _point, cents = amount.partition(".")
    sign = "−" if whole.startswith("-") else ""
    return f"{sign}${int(whole.removeprefix('-')):,}.{(cents + '00')[:2]}"


def _day(iso: str) -> str:
    return str(date_format(dt.date.fromisoformat(iso), "M j, Y"))


def _words() -> dict[str, str]:
    """The template's own words, translated here: a Typst template knows no language files."""
    return {
        "mission": _("Mission"),
        "summary": _("Where we stand"),
        "involvement": _("Who took part"),
        "team": _("Planning team"),
        "name": _("Name"),
        "part": _("As"),
        "common_planning": _("Time to plan together"),
        "review_on": _("How we follow up"),
        "needs": _("Needs"),
        "causes": _("Root causes"),
        "goals": _("Goals"),
        "measure": _("Measure"),
        "of": _("Of"),
        "group": _("Student group"),
        "source": _("Figures from"),
        "status": _("How it goes"),
        "answers": _("Answers the district goal"),
        "answers_needs": _("Answers"),
        "year": _("School year"),
        "target": _("Target"),
        "figure": _("Figure"),
        "strategy": _("Strategy"),
        "practice": _("Key practice"),
        "tier": _("Evidence"),
        "citation": _("Citation"),
        "action": _("Action step"),
        "accountable": _("Accountable"),
        "when": _("When"),
        "progress": _("Status"),
        "money": _("Money"),
        "fund": _("Fund"),
        "given": _("Given"),
        "planned": _("Planned"),
        "left": _("Left"),
        "total": _("Total"),
        "nothing": _("Nothing yet."),
        "protected": _("Figures are protected: small groups of students are not shown."),
    }


def as_word(content: dict[str, Any], checksum: str = "") -> bytes:
    """The plan as a Word document, with headings and tables of Word's own."""
    data = data_of(content, checksum)
    words, plan = data["words"], data["plan"]
    blocks: list[Block] = [Paragraph(data["subtitle"])]
    for name in ("mission", "summary", "involvement", "common_planning", "review_on"):
        if plan[name]:
            blocks += [Heading(1, words[name]), *(Paragraph(one) for one in plan[name].split("\n\n"))]
    if plan["team"]:
        rows = [[one["name"], one["part"]] for one in plan["team"]]
        blocks += [Heading(1, words["team"]), Table([words["name"], words["part"]], rows)]
    blocks.append(Heading(1, words["needs"]))
    for need in plan["needs"]:
        blocks += [Heading(2, need["title"]), Paragraph(need["evidence"])]
        blocks.append(Bullets([cause["text"] for cause in need["causes"]]))
    blocks.append(Heading(1, words["goals"]))
    for goal in plan["goals"]:
        blocks += _goal_blocks(goal, words)
    if plan["money"]:
        rows = [[row["fund"], row["given"], row["planned"], row["left"]] for row in plan["money"]]
        rows.append([words["total"], *(data["totals"][key] for key in ("given", "planned", "left"))])
        headings = [words[key] for key in ("fund", "given", "planned", "left")]
        blocks += [Heading(1, words["money"]), Table(headings, rows, right_from=1)]
    blocks.append(Paragraph(words["protected"]))
    return word(data["title"], blocks, footer=data["footer"], language=data["language"])


def _goal_blocks(goal: dict[str, Any], words: dict[str, str]) -> list[Block]:
    about = [f"{words['measure']}: {goal['measure']}", f"{words['group']}: {goal['group']}"]
    if goal["of"]:
        about.insert(1, f"{words['of']}: {goal['of']}")
    if goal["answers"]:
        about.append(f"{words['answers']}: {goal['answers']}")
    blocks: list[Block] = [
        Heading(2, goal["title"]),
        Paragraph("; ".join(about)),
        Paragraph(f"{words['status']}: {goal['status']['word']}. {goal['status']['reason']}"),
        Table(
            [words[key] for key in ("year", "figure", "target")],
            [[row[key] for key in ("year", "figure", "target")] for row in goal["years"]],
            right_from=1,
        ),
    ]
    for strategy in goal["strategies"]:
        blocks.append(Heading(3, strategy["title"]))
        facts = [strategy[key] for key in ("practice", "tier", "citation") if strategy[key]]
        if facts:
            blocks.append(Paragraph("; ".join(facts)))
        if strategy["description"]:
            blocks.append(Paragraph(strategy["description"]))
        rows = [
            [
                action["title"],
                action["accountable"],
                action["when"],
                "; ".join(f"{line['fund']} {line['amount']}" for line in action["money"]),
            ]
            for action in strategy["actions"]
        ]
        blocks.append(Table([words[key] for key in ("action", "accountable", "when", "money")], rows))
    return blocks
