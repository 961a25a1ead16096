"""The command of a system that needs nothing but the pages: read them, decide, write decisions.csv."""

import argparse
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from benchmarks.rights.pages import PAGES, Decided, Page, read_pages, write_decisions


def run(decisions: Callable[[Sequence[Page]], Iterable[Decided]], about: str | None, argv: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, default=PAGES, help="labelled pages, ours or others'")
    parser.add_argument("--out", type=Path, default=Path("decisions.csv"), help="where the decisions go")
    given = parser.parse_args(argv)
    write_decisions(decisions(read_pages(given.pages)), given.out)
    print(f"wrote {given.out}; score it with python -m benchmarks.rights.score {given.out} --pages {given.pages}")
    return 0
