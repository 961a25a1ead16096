"""The labels read from whole folders of answers, and the files in which they are frozen; both were reviewed by eye.

`golden_written_labels.json` is of tests/fixtures, `golden_labels.json` of the recorded answers. They hold short values
only; longer ones are left out. To renew the first: `python -m tests.pd_assets.lib.dataset.golden`, and read the
difference.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from pd_assets.lib.dataset.labels import Label, read_labels
from tests.material import WRITTEN
from tests.pd_assets.lib.commons.whole_pages import page_rows

OF_WRITTEN = Path(__file__).with_name("golden_written_labels.json")
OF_RECORDED = Path(__file__).with_name("golden_labels.json")
LONGEST_VALUE = 160
Row = dict[str, object]
Told = dict[str, list[str]]


def short(labels: tuple[Label, ...]) -> list[Label]:
    return [label for label in labels if label.preferred and len(label.value) <= LONGEST_VALUE]


def told(row: Row) -> Told:
    """The short values that a row gives, by field; of several sources too, best first."""
    found: Told = {}
    for label in short(read_labels(row)):
        found.setdefault(label.field, []).append(label.value)
    return found


def summaries(folder: Path) -> dict[str, Row]:
    """By title, the CommonsMetadata of every page of the answers below a folder; the first answer of a page counts."""
    found: dict[str, Row] = {}
    for file in sorted(folder.rglob("*.json")):
        for page in _pages(json.loads(file.read_text())):
            metadata = page["imageinfo"][0].get("extmetadata") if page["imageinfo"] else None
            if metadata:
                found.setdefault(page["title"], {"extmetadata": json.dumps(metadata)})
    return found


def _pages(answer: object) -> Iterator[dict]:
    for part in answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list) else ():
        yield from _pages(part)
    if isinstance(answer, dict) and isinstance(answer.get("imageinfo"), list) and "title" in answer:
        yield answer


def record_row(answer: dict) -> Row:
    """The columns of smithsonian/records that labels are read from, for a record or an answer that wraps one."""
    content = answer.get("response", answer)["content"]
    described = content["descriptiveNonRepeating"]
    return {
        "title": described["title"]["content"],
        "metadata_usage_access": described.get("metadata_usage", {}).get("access"),
        "freetext": json.dumps(content["freetext"]),
        "indexed": json.dumps(content["indexedStructured"]),
    }


def written() -> dict[str, dict[str, Told]]:
    """Everything that the written answers tell: of pages' summaries, of whole pages, and of the museum's records."""
    lines = (WRITTEN / "smithsonian" / "lines.txt").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    return {
        "summaries": {title: told(row) for title, row in summaries(WRITTEN / "commons").items()},
        "pages": {shows: told(row) for shows, row in page_rows().items()},
        "smithsonian": {record["url"].partition(":")[2]: told(record_row(record)) for record in records},
    }


def main() -> None:
    """Freeze the labels that today's code reads."""
    OF_WRITTEN.write_text(json.dumps(written(), indent=1, ensure_ascii=False, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
