"""The audit of copies for people: what was drawn, beside held-out pictures (the floor) and known copies."""

from collections.abc import Mapping
from typing import Any, TypeGuard

from pd_ml.bundle.papers.measured import AUDIT
from pd_ml.bundle.papers.writing import NOT_APPLICABLE, number, percent, said, table

Entry = Mapping[str, Any]
_SETS = {
    "generated": "drawn pictures",
    "control_held_out": "held-out pictures (the floor)",
    "control_copies": "known copies with a little noise (what the audit has to find)",
}
_ASKED = {AUDIT: "Drawn for held-out texts, or without texts", f"{AUDIT}_training_captions": "Drawn for training texts"}
_BANDS = {"by_exposure": "By how often a picture was shown", "by_typicality": "By how typical a picture is"}
# Columns of the bands in the order in which they are read; two bounds are one column. Shares are of one.
_COLUMNS = {
    "band": "band",
    "shown_from": "shown from",
    "shown_to": "shown to",
    "mean_distance": "mean distance to neighbours",
    "training_pictures": "training pictures",
    "share_of_training": "share of training",
    "n": "drawn pictures nearest to it",
    "copies": "count as copies",
    "share": "share of copies in it",
    "low": "95% interval",
    "share_of_copies": "share of all copies",
    "copies_low": "95% interval of all copies",
}
_SHARES = ("share", "share_of_training", "share_of_copies")
_HIGHER = {"low": "high", "copies_low": "copies_high"}


def audits(evaluation: Entry) -> dict[str, Entry]:
    """Every audit of a report by its name."""
    return {name: found for name, found in sorted(evaluation.items()) if name.startswith(AUDIT) and _is_entry(found)}


def verdicts(evaluation: Entry) -> list[str]:
    """A sentence for each audit; none where there was none."""
    lines = []
    for name, found in audits(evaluation).items():
        drawn, floor = _part(found, "generated"), _part(found, "control_held_out")
        lines.append(
            f"{_asked(name)}: {number(drawn.get('copies'))} of {number(drawn.get('n'))} drawn pictures count as copies "
            f"of training pictures ({_interval(drawn)}); of real held-out pictures "
            f"{number(floor.get('copies'))} of {number(floor.get('n'))} do ({_interval(floor)}); {_verdict(found)}"
        )
    return lines


def _verdict(found: Entry) -> str:
    """The audit's own; reports of before it compared with the floor say whether chance gives that many."""
    if isinstance(exceeds := found.get("exceeds_floor"), bool):
        return "above that floor" if exceeds else "not above that floor"
    return "flagged" if _part(found, "generated").get("flagged") is True else "not flagged"


def in_full(evaluation: Entry) -> str:
    """The section of the card, as Markdown."""
    parts = []
    for name, found in audits(evaluation).items():
        rows = [
            [
                words,
                number(one.get("copies")),
                number(one.get("n")),
                percent(one.get("share")),
                _interval(one),
                "yes" if one.get("flagged") is True else "no",
            ]
            for key, words in _SETS.items()
            if (one := _part(found, key))
        ]
        head = ("pictures", "count as copies", "of", "share", "95% interval", "flagged")
        parts += [f"### {said(_asked(name))}", table(head, rows), f"Verdict: {_verdict(found)}. {_how(found)}"]
        parts += [text for key, title in _BANDS.items() if (text := _bands(title, found.get(key)))]
    return "\n\n".join(parts) or "This evaluation has no audit of copies."


def _how(found: Entry) -> str:
    limits, median = _part(found, "thresholds"), _part(found, "median_distance")
    return (
        f"Compared with {number(found.get('training_pictures'))} training pictures. A picture counts as a copy below a "
        f"distance of {number(limits.get('distance'))} and a ratio to its next neighbours of "
        f"{number(limits.get('ratio'))}, set on {number(limits.get('calibrated_on'))} held-out pictures so that at "
        f"most {percent(limits.get('expected_share'))} of others would. Median distance to the nearest training "
        f"picture: {number(median.get('generated'))} drawn, {number(median.get('held_out'))} held-out."
    )


def _bands(title: str, told: object) -> str:
    """Rows of numbers by band; "" where the report has none."""
    if _is_entry(told) and "unknown" in told:
        return f"{title}: not known, {said(str(told['unknown']))}."
    rows = told.get("bands") if _is_entry(told) else told
    bands = [row for row in rows if _is_entry(row)] if isinstance(rows, list | tuple) else []
    if not bands:
        return ""
    there = dict.fromkeys(name for row in bands for name in row if name not in _HIGHER.values())
    columns = [*(name for name in _COLUMNS if name in there), *sorted(name for name in there if name not in _COLUMNS)]
    cells = [[_cell(name, row) for name in columns] for row in bands]
    of = told if _is_entry(told) else {}
    counted = f", {number(of['measured_on'])} of {number(of.get('training_pictures'))}" if "measured_on" in of else ""
    head = [_COLUMNS.get(name, said(name.replace("_", " "))) for name in columns]
    return f"{title}{counted}:\n\n" + table(head, cells)


def _cell(name: str, row: Entry) -> str:
    value = row.get(name)
    if value is None:
        return NOT_APPLICABLE
    if isinstance(value, str):
        return said(value)
    if name in _HIGHER:
        return f"{percent(value)} to {percent(row.get(_HIGHER[name]))}"
    return percent(value) if name in _SHARES else number(value)


def _asked(name: str) -> str:
    return _ASKED.get(name, name.replace("_", " "))


def _interval(found: Entry) -> str:
    return f"{percent(found.get('low'))} to {percent(found.get('high'))}"


def _part(entry: Entry, key: str) -> Entry:
    found = entry.get(key)
    return found if _is_entry(found) else {}


def _is_entry(value: object) -> TypeGuard[Entry]:
    return isinstance(value, Mapping)
