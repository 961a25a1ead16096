"""Pages that nobody has seen, against a judge of their own: no false acceptance, and what is truly free is accepted.

The judge knows the work's true years and the traps that were set; it looks at no tag and at no rule.
"""

import random
from collections import Counter

import pytest

from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.rules import PROFILES, decide
from tests.pd_assets.lib.rights.cases import TODAY
from tests.pd_assets.lib.rights.unseen import TRAPS, Unseen, Work, unseen_page

PAGES = 1_000
LIFE = {"strict": 100, "life70": 70, "us": 0}


def is_free(work: Work, profile: str) -> bool:
    """By the calendar alone: 95 years after publication in the United States, life and so many years elsewhere."""
    us_term_is_over = work.made + 95 < TODAY.year
    return us_term_is_over and (profile == "us" or work.died + LIFE[profile] < TODAY.year)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.extended) for seed in (2, 3))])
def test_no_unseen_page_is_accepted_falsely_and_nearly_all_truly_free_ones_are_accepted(seed: int) -> None:
    rng = random.Random(seed)
    pages = [unseen_page(rng) for _ in range(PAGES)]
    false, seen, free, accepted = [], Counter[str](), 0, 0
    for page in pages:
        evidence = from_page(page.row)
        seen.update(page.traps)
        for profile in PROFILES:
            verdict = decide(evidence, profile, TODAY).verdict
            truly = is_free(page.work, profile) and not page.traps
            if verdict == "accept" and not truly:
                false.append((profile, page.traps, page.row["wikitext"]))
            if truly and profile in page.matching:
                free, accepted = free + 1, accepted + (verdict == "accept")
    assert false == []
    assert free > PAGES / 4
    assert accepted >= 0.95 * free
    assert set(seen) == set(TRAPS)


def test_the_judge_moves_with_the_calendar() -> None:
    assert [is_free(Work(made=1930, died=died), "strict") for died in (1925, 1926)] == [True, False]
    assert [is_free(Work(made=made, died=1900), "us") for made in (1930, 1931)] == [True, False]


def test_a_page_is_made_anew_from_its_seed() -> None:
    assert unseen_page(random.Random(7)) == unseen_page(random.Random(7))
    assert isinstance(unseen_page(random.Random(7)), Unseen)
