"""The result of an audit: counted from the answers, kept in the home as JSON, as a page for people and as CSV."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from pd_assets.lib.home import Home, write_text
from pd_assets.lib.rights.audit import RESULT, Sample, Sampled, folder_of, load_sample
from pd_assets.lib.rights.audit_answers import (
    FIRST,
    ROLES,
    SECOND,
    SETTLE,
    Answers,
    answers_of,
    differing,
    final_answers,
    read_file,
    take_file,
)
from pd_assets.lib.rights.audit_page import safe_page, verdict_in_words
from pd_assets.lib.rights.audit_rates import Group, Rate, Result, agreement_in_words, estimate, tags_of
from pd_assets.lib.rights.report import render_page
from pd_assets.lib.spreadsheet import no_formula

PAGE, RATES, ITEMS = "result.html", "rates.csv", "items.csv"
LABELS = {"free": "free", "not_free": "not free", "cannot_tell": "cannot tell"}
WRONG = {True: "not_free", False: "free"}


def count_answers(home: Home, answers_file: Path, role: str = FIRST) -> Result:
    """Take the answers in a file of the page as those of a role, and count. ConfigError where they do not fit."""
    name, answers = read_file(answers_file)
    sample = load_sample(home, name)
    estimate(sample, answers)
    take_file(folder_of(home, name), role, answers)
    return count(home, sample)


def count(home: Home, sample: Sample) -> Result:
    """The result of all answers so far; JSON, page and CSV are kept beside the sample."""
    folder = folder_of(home, sample.name)
    given = {role: answers_of(folder, role) for role in ROLES}
    result = estimate(sample, given[FIRST], given[SECOND], given[SETTLE])
    if result.people == 1 and not given[FIRST]:
        result = estimate(sample, given[SECOND])
    write_text(folder / RESULT, json.dumps(asdict(result), indent=1) + "\n")
    write_text(folder / RATES, _as_csv(_rates(result)))
    lines = [_line(one, sample, given) for one in sample.items]
    write_text(folder / ITEMS, _as_csv(lines))
    write_text(folder / PAGE, _page(sample, result, lines))
    return result


def _page(sample: Sample, result: Result, lines: list[dict[str, str]]) -> str:
    whole = [
        ("accepted pictures that are not free", result.false_accepts, sample.accepted),
        ("refused pictures that are free", result.false_rejects, sample.others),
        ("pictures decided wrongly", result.errors, sample.accepted + sample.others),
    ]
    breakdowns = [
        ("Accepted, by rule", _rows(result.accepted_by_rule), True),
        ("Accepted, by tag", _rows(result.accepted_by_tag), False),
        ("Refused or waiting, by rule", _rows(result.refused_by_rule), True),
        ("Refused or waiting, by tag", _rows(result.refused_by_tag), False),
    ]
    told = {
        "result": result,
        "total": len(sample.items),
        "whole": whole,
        "agreement": agreement_in_words(result),
        "answers": tuple(LABELS.items()),
        "breakdowns": breakdowns,
        "wrong": [one for one in lines if one["is_wrong"] == "yes"],
        "differ": [one for one in lines if one["first"] and one["second"] and one["first"] != one["second"]],
    }
    return render_page("audit_result.html", told)


def _rows(groups: tuple[Group, ...]) -> list[tuple[str, Rate, int | None]]:
    return [(group.name, group.rate, group.stands_for) for group in groups]


def _line(one: Sampled, sample: Sample, given: Mapping[str, Answers]) -> dict[str, str]:
    """One picture of the sample with all that was said of it."""
    final = final_answers(given[FIRST], given[SECOND], given[SETTLE]).get(one.item_id, "")
    is_open = one.item_id in differing(given[FIRST], given[SECOND]) and one.item_id not in given[SETTLE]
    return {
        "item_id": one.item_id,
        "title": one.title,
        "page": safe_page(one),
        "verdict": one.verdict,
        "rule_id": one.rule_id,
        "tags": "; ".join(tags_of(one)),
        **{role: LABELS.get(given[role].get(one.item_id, ""), "") for role in ROLES},
        "final": "open" if is_open else LABELS.get(final, ""),
        "is_wrong": "yes" if final == WRONG[one.is_accepted] else "no" if final else "",
        "told": verdict_in_words(one, sample.profile),
    }


def _rates(result: Result) -> Iterator[dict[str, str]]:
    for what, rate in (
        ("false_accepts", result.false_accepts),
        ("false_rejects", result.false_rejects),
        ("errors", result.errors),
    ):
        yield _rate_line(what, "all", rate, None)
    for what in ("accepted_by_rule", "accepted_by_tag", "refused_by_rule", "refused_by_tag"):
        for group in getattr(result, what):
            yield _rate_line(what, group.name, group.rate, group.stands_for)


def _rate_line(what: str, name: str, rate: Rate, stands_for: int | None) -> dict[str, str]:
    shares = {key: f"{getattr(rate, key):.6f}" for key in ("share", "low", "high", "worst")}
    counts = {key: str(getattr(rate, key)) for key in ("wrong", "judged", "cannot_tell")}
    return {"what": what, "name": name, **counts, **shares, "stands_for": "" if stands_for is None else str(stands_for)}


def _as_csv(lines: Iterator[dict[str, str]] | list[dict[str, str]]) -> str:
    text, listed = io.StringIO(), list(lines)
    writer = csv.DictWriter(text, list(listed[0]) if listed else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: no_formula(value) for name, value in line.items()} for line in listed)
    return text.getvalue()
