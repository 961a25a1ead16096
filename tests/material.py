"""Where answers for tests lie: those written by us, which every clone has, and recorded ones, where they are at hand.

tests/fixtures/README.md says what the written ones show. Only files named `test_recorded_*.py` read the recorded ones.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

WRITTEN = Path(__file__).parent / "fixtures"
RECORDED = Path(__file__).resolve().parents[2] / "shared" / "data"


def recorded(part: str) -> Path:
    """A file or folder of the recorded material; where it is absent the test is skipped."""
    path = RECORDED / part
    if not path.exists():
        pytest.skip(f"the recorded material ../shared/data/{part} is not beside this repository")
    return path


def paths_of(value: object, path: str = "") -> Iterator[str]:
    """Every place in a JSON value with the kind of what stands there: `query.pages{}.title: str`.

    Names that are data (page ids, properties, languages) are written `{}`.
    """
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from paths_of(inner, f"{path}{{}}" if _is_data(name) else f"{path}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from paths_of(inner, f"{path}[]")
    else:
        yield f"{path}: {type(value).__name__}"


def _is_data(name: str) -> bool:
    return name.lstrip("-").isdecimal() or (name[:1] in ("P", "M") and name[1:].lstrip("-").isdecimal())


def json_of(path: Path) -> object:
    """What a file holds: the body alone, where a recording holds the request and the headers too."""
    content = json.loads(path.read_text())
    return content["body"] if isinstance(content, dict) and "recorded_at" in content else content
