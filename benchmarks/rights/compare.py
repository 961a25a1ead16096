"""All systems on the labelled pages, as one markdown table: `make bench-rights`.

    python -m benchmarks.rights.compare [--pages FILE] [--out FOLDER]

Each system's decisions.csv lies in the folder afterwards, as any other system would give it to the scorer.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.rights.pages import PAGES, PROFILES, Page, read_decisions, read_pages, write_decisions
from benchmarks.rights.score import GROUPS, Score, Scores, score
from benchmarks.rights.systems import extmetadata, openverse, ours

# A form or language with fewer pages has no line of its own.
FEW, OTHERS = 8, "of fewer than 8 pages"
SYSTEMS = {"ours": ours.decisions, "extmetadata": extmetadata.decisions, "Openverse": openverse.decisions}


def compare(pages: Sequence[Page], folder: Path) -> Iterator[str]:
    """The lines of the table; decisions go to `folder` and are scored from there."""
    found: dict[str, list[Scores]] = {}
    for name, decisions in SYSTEMS.items():
        path = folder / f"{name.lower()}.csv"
        write_decisions(decisions(pages), path)
        found[name] = score(pages, read_decisions(path))
    columns = [f"{profile}: {what}" for profile in PROFILES for what in ("precision", "false", "recall")]
    yield f"| system and pages | pages | {' | '.join(columns)} |"
    yield f"|---|---|{'---|' * len(columns)}"
    for name, scores in found.items():
        yield _row(f"**{name}**, all", [one.all for one in scores])
    decided = list(read_decisions(folder / "ours.csv"))
    for group in ("form", "language"):
        by: list[Mapping[str, Score]] = [one.by[group] for one in score(_few_together(pages, group), decided)]
        for name in sorted(by[0], key=lambda name: (name == OTHERS, -by[0][name].pages, name)):
            yield _row(f"ours, {group} {name}", [one[name] for one in by])


def _few_together(pages: Sequence[Page], group: str) -> list[Page]:
    """The pages with one name for all forms (languages) of which there are too few to tell anything."""
    counts = Counter(GROUPS[group](page) for page in pages)
    renamed = {"form": lambda page: replace(page, form=OTHERS), "language": lambda page: replace(page, language=OTHERS)}
    return [page if counts[GROUPS[group](page)] >= FEW else renamed[group](page) for page in pages]


def _row(name: str, scores: Sequence[Score]) -> str:
    cells = [cell for one in scores for cell in (one.precision, len(one.false_accepts), one.recall)]
    return f"| {name} | {scores[0].pages} | {' | '.join(map(str, cells))} |"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, default=PAGES, help="labelled pages, ours or others'")
    parser.add_argument("--out", type=Path, default=Path("build/bench-rights"), help="where the decisions go")
    given = parser.parse_args(argv)
    given.out.mkdir(parents=True, exist_ok=True)
    print("\n".join(compare(read_pages(given.pages), given.out)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
