"""What the papers of a little bundle say, as digests: whoever changes a word of them sees it."""

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from pd_ml.bundle import layout
from pd_ml.bundle.papers import write_papers
from tests.pd_ml.bundle import made

FROZEN = Path(__file__).with_name("golden_papers.json")
STAGES = ("unet_text", "unet", "super_resolution")


def digests() -> Mapping[str, object]:
    """Of the format of a bundle, the SHA-256 of each paper of each of these models."""
    with tempfile.TemporaryDirectory() as scratch:
        return {"format": layout.FORMAT_VERSION, **dict(_of_stages(Path(scratch)))}


def _of_stages(scratch: Path) -> Iterator[tuple[str, Mapping[str, str]]]:
    for stage in STAGES:
        folder = made.bundle(scratch / stage, stage)
        facts = set(folder.rglob("*"))
        write_papers(folder)
        papers = sorted(path for path in set(folder.rglob("*")) - facts if path.is_file())
        yield stage, {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in papers}


def main() -> None:
    """Write them anew."""
    FROZEN.write_text(json.dumps(digests(), indent=1) + "\n")


if __name__ == "__main__":
    main()
