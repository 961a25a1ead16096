"""The museum's works, all in one JSON array: a copy on this machine, `data.json` on the web, or the pages of its API.

On GitHub the file is kept by Git LFS, whose pointer says the SHA-256 of what it stands for: what is stored already is
not fetched. Errors: ArchiveError, ConfigError, and those of the session.
"""

import json
import math
import re
from pathlib import Path

from pd_assets.lib.errors import ArchiveError, ConfigError, FetchFailed
from pd_assets.lib.http import HostPolicy, PoliteSession
from pd_assets.lib.json_answers import UnreadableJson, parse_json
from pd_assets.lib.museums.values import mapping
from pd_assets.lib.museums.whole_file import MOST_LOST, Copy, digest_of
from pd_assets.lib.pacing import API

DATA, REPORT = "data.json", "report.json"
POINTER = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\s+oid sha256:([0-9a-f]{64})\s+size \d+\s*")
RAW, MEDIA = "https://raw.githubusercontent.com/", "https://media.githubusercontent.com/media/"
# Others wait five seconds between two pages of a thousand.
POLICY = HostPolicy(kind=API, concurrency=1, start_per_s=0.2, most_per_s=0.2, bits_per_s=80e6)
ON_A_PAGE = 1000
MOST_BYTES = 4_000_000_000


def fetch(index: str, session: PoliteSession, into: Path, known: str) -> Copy | None:
    """The works at PD_CLEVELAND_INDEX; None where they are those of the digest `known`."""
    path, least = into, 0
    if "://" not in index:
        path = Path(index) / DATA if Path(index).is_dir() else Path(index)
        if not path.is_file():
            raise ConfigError(f"PD_CLEVELAND_INDEX={index}: no such file; expected {DATA}, its folder, or a URL")
        report = path.with_name(REPORT)
        least = _least(report.read_bytes()) if report.is_file() else 0
    elif not index.endswith(".json"):
        least = _pages(index, session, into)
    else:
        session.download(index, into, policy=POLICY, most_bytes=MOST_BYTES)
        if (pointer := _pointer(into)) and pointer == known:
            return None
        if pointer and index.startswith(RAW):
            session.download(index.replace(RAW, MEDIA, 1), into, policy=POLICY, most_bytes=MOST_BYTES)
            if not _pointer(into) and (found := digest_of(into)) != pointer:
                raise FetchFailed(f"{index}: found SHA-256 {found}, expected {pointer} as its pointer says; run again")
        try:
            least = _least(session.get(index.rpartition("/")[0] + f"/{REPORT}", policy=POLICY).body)
        except FetchFailed:
            least = 0
    if _pointer(path):
        raise ArchiveError(f"{index}: found a pointer of Git LFS, expected {DATA}: fetch it (`git lfs pull`), or give "
                           "the address of the file itself")  # fmt: skip
    digest = digest_of(path)
    return None if digest == known else Copy(path=path, digest=digest, least=least)


def _pages(index: str, session: PoliteSession, into: Path) -> int:
    """Write the works of all pages as one array; how many the archive says there are. No filter: none is refused."""
    total, skip = 1, 0
    with into.open("w") as file:
        while skip < total:
            answer = session.get(index, policy=POLICY, params={"limit": ON_A_PAGE, "skip": skip})
            try:
                page = mapping(parse_json(answer.body)) or {}
            except UnreadableJson as error:
                raise FetchFailed(f"{answer.url}: {error}; run again later") from error
            found, count = page.get("data"), (mapping(page.get("info")) or {}).get("total")
            if not isinstance(found, list) or not isinstance(count, int):
                raise ArchiveError(f"{answer.url}: found {str(page)[:80]!r}, expected info.total and data")
            file.writelines(f"{',' if skip or at else '['}{json.dumps(work)}" for at, work in enumerate(found))
            total, skip = count, skip + len(found)
            if not found:
                break
        file.write("]" if skip else "[]")
    return total


def _pointer(path: Path) -> str:
    """The SHA-256 in a pointer of Git LFS; empty where the file is none."""
    with path.open("rb") as file:
        found = POINTER.fullmatch(file.read(1000))
    return found[1].decode() if found else ""


def _least(report: bytes) -> int:
    """How many works a whole read has at least by the museum's counts of the file; 0 where they cannot be read."""
    try:
        count = (mapping(parse_json(report)) or {}).get("num_artworks")
    except UnreadableJson:
        return 0
    return math.ceil(count * (1 - MOST_LOST)) if isinstance(count, int) else 0
