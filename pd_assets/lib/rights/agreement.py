"""How two people agree beyond chance: Cohen's kappa with its interval, and the table of who said what.

Cohen, "A coefficient of agreement for nominal scales" (1960); the standard error is that of Fleiss, Cohen and Everitt,
"Large sample standard errors of kappa and weighted kappa" (1969), equation 13.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pd_assets.lib.rights.audit_answers import ANSWERS, Answers
from pd_assets.lib.rights.intervals import Z, wilson


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Of `pairs` pictures that both judged, `same` have one answer: the share `raw` with its interval.

    `kappa` with `low` and `high` is None where both always gave one and the same answer: chance alone explains that.
    `table` counts the pairs: table[answer of the first][answer of the second].
    """

    pairs: int
    same: int
    raw: float
    raw_low: float
    raw_high: float
    kappa: float | None
    low: float | None
    high: float | None
    table: Mapping[str, Mapping[str, int]]


def agreement(first: Answers, second: Answers) -> Agreement:
    """How the answers of two people agree, over what both have judged."""
    both = [(first[item], second[item]) for item in first if item in second]
    table = {one: {other: both.count((one, other)) for other in ANSWERS} for one in ANSWERS}
    pairs, same = len(both), sum(one == other for one, other in both)
    raw = same / pairs if pairs else 0.0
    raw_low, raw_high = wilson(raw, pairs)
    kappa = low = high = None
    if pairs and (by_chance := _by_chance(table, pairs)) < 1:
        kappa = (raw - by_chance) / (1 - by_chance)
        spread = Z * _standard_error(table, pairs, kappa, by_chance)
        low, high = max(-1.0, kappa - spread), min(1.0, kappa + spread)
        if same == pairs:
            # That error is nothing where nobody differs, which few pairs do not prove: it is that of the raw agreement.
            low = (raw_low - by_chance) / (1 - by_chance)
    return Agreement(
        pairs=pairs,
        same=same,
        raw=raw,
        raw_low=raw_low,
        raw_high=raw_high,
        kappa=kappa,
        low=low,
        high=high,
        table=table,
    )


def _margins(table: Mapping[str, Mapping[str, int]], pairs: int) -> tuple[dict[str, float], dict[str, float]]:
    """The share of each answer with the first and with the second."""
    first = {one: sum(table[one].values()) / pairs for one in ANSWERS}
    return first, {other: sum(table[one][other] for one in ANSWERS) / pairs for other in ANSWERS}


def _by_chance(table: Mapping[str, Mapping[str, int]], pairs: int) -> float:
    """The agreement of two people who answer as often as they did, and without looking."""
    first, second = _margins(table, pairs)
    return sum(first[answer] * second[answer] for answer in ANSWERS)


def _standard_error(table: Mapping[str, Mapping[str, int]], pairs: int, kappa: float, by_chance: float) -> float:
    first, second = _margins(table, pairs)
    variance = -((kappa - by_chance * (1 - kappa)) ** 2)
    for one in ANSWERS:
        for other in ANSWERS:
            share = table[one][other] / pairs
            if one == other:
                variance += share * (1 - (first[one] + second[one]) * (1 - kappa)) ** 2
            else:
                variance += share * (1 - kappa) ** 2 * (second[one] + first[other]) ** 2
    return math.sqrt(max(0.0, variance) / pairs) / (1 - by_chance)
