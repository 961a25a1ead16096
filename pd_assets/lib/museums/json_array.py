"""A JSON array of any length, an object at a time, in bounded memory. They are not parsed: a bad one costs itself."""

import re
from collections.abc import Iterator
from pathlib import Path

LONGEST, BLOCK = 8_000_000, 1 << 20
# A brace, or a text, whose closing quote is missing where the block ends in it.
MARK = re.compile(r'[{}]|"(?:[^"\\]|\\.)*+("?)', re.DOTALL)


class BrokenArray(Exception):
    """The array breaks off, or is none: what is missing of it says nothing."""


def objects(path: Path) -> Iterator[str]:
    """The text of each object of the array in a file; BrokenArray where it is not whole."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        text, is_last = file.read(BLOCK), False
        if not text.lstrip().startswith("["):
            raise BrokenArray(f"found {text[:60]!r}, expected a JSON array")
        while True:
            start = depth = seen_to = 0
            for mark in MARK.finditer(text):
                if mark[0] in "{}":
                    start = mark.start() if mark[0] == "{" and depth == 0 else start
                    depth += 1 if mark[0] == "{" else -1
                    if depth == 0:
                        yield text[start : mark.end()]
                        seen_to = mark.end()
                elif not mark[1]:
                    break
            rest = text[seen_to:]
            if is_last and depth == 0 and rest.rstrip().endswith("]"):
                return
            if is_last or len(rest) > LONGEST:
                raise BrokenArray(f"it breaks off in {rest[:60]!r}" if is_last else "an object is longer than any is")
            more = file.read(BLOCK)
            text, is_last = rest + more, not more
