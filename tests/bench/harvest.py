"""Measure the harvest of a real MediaWiki on loopback, side by side with mwclient, in one run.

`python -m tests.bench.harvest --files 1000`: a first sync, one without news and one after a change of 1% of the files.
Requests are counted by the server's access log, bytes by a relay. Exits with 1 where a limit of ours is not met.
"""

import argparse
import io
import json
import math
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CATEGORIES
from pd_assets.lib.home import Home
from tests.bench.harvesters import HARVESTERS
from tests.bench.painted import mix, paint
from tests.bench.relay import CountingRelay
from tests.integration.mediawiki.fill import fill
from tests.integration.mediawiki.kinds import EXPIRED
from tests.integration.mediawiki.pictures import Picture
from tests.integration.mediawiki.templates import ROOTS
from tests.integration.mediawiki.wiki import MediaWiki

OURS, CAREFUL = "ours", "mwclient, careful"
PHASES = ("first sync", "no change", "1% changed")
MOST_REQUESTS_PER_FILE = 0.05
MEMBERS_PER_LISTING = 500
MOST_OTHER_REQUESTS = 10
MOST_MEMORY_BYTES = 400_000_000


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One sync by one harvester. `asked` are the page ids whose details were asked for by id."""

    harvester: str
    phase: str
    files: int
    seconds: float
    cpu_s: float
    peak_bytes: int
    requests: int
    received_bytes: int
    asked: tuple[int, ...]


class Course:
    """The wiki, the relay before it, and the folders of the harvesters."""

    def __init__(self, wiki: MediaWiki, relay: CountingRelay, folder: Path, categories: Sequence[str]) -> None:
        self.wiki = wiki
        self.relay = relay
        self.folder = folder
        self.categories = categories
        self.api = f"http://127.0.0.1:{relay.port}/w/api.php"

    def home(self, harvester: str) -> Path:
        """Both ways with mwclient share one: the careful one starts from what the usual one noted last."""
        return self.folder / harvester.split(",")[0]

    def measure(self, harvester: str, phase: str) -> Measured:
        """Run one sync in a process of its own."""
        print(f"{phase}: {harvester} ...", file=sys.stderr, flush=True)
        self.wiki.forget_requests()
        before = self.relay.received_bytes
        command = [sys.executable, "-m", "tests.bench.harvesters", harvester, self.api, str(self.home(harvester))]
        done = subprocess.run([*command, *self.categories], capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{harvester} failed in the {phase}:\n{done.stderr[-3000:]}")
        report = json.loads(done.stdout.splitlines()[-1])
        requests = self.wiki.requests()
        ids = [one for request in requests for one in request.query.get("pageids", "").split("|") if one]
        received = self.relay.received_bytes - before
        asked = tuple(sorted({int(one) for one in ids}))
        return Measured(
            harvester=harvester, phase=phase, requests=len(requests), received_bytes=received, asked=asked, **report
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=1000, metavar="N", help="files in the wiki (default 1000)")
    parser.add_argument("--seed", type=int, default=3, metavar="N")
    parser.add_argument("--only-ours", action="store_true", help="leave mwclient out")
    chosen = parser.parse_args()
    harvesters = [OURS] if chosen.only_ours else list(HARVESTERS)
    with tempfile.TemporaryDirectory(prefix="harvest-") as scratch:
        folder = Path(scratch)
        print(f"filling a MediaWiki with {chosen.files} files ...", file=sys.stderr, flush=True)
        wiki = MediaWiki.install(folder / "site")
        pictures = fill(wiki, paint(folder / "art", chosen.files), mix(chosen.files), chosen.seed)
        categories = sorted({*ROOTS, *(name for picture in pictures for name in picture.categories)})
        with wiki, CountingRelay(urlsplit(wiki.api_url).port or 0) as relay:
            course = Course(wiki, relay, folder, categories)
            results = [course.measure(one, PHASES[0]) for one in harvesters if one != CAREFUL]
            results += [course.measure(one, PHASES[1]) for one in harvesters]
            allowed = listing_requests(Home(root=course.home(OURS)))
            changed = change(wiki, pictures, max(6, chosen.files // 100), chosen.seed)
            results += [course.measure(one, PHASES[2]) for one in harvesters]
    print(table(results))
    print()
    broken = list(broken_limits({one.phase: one for one in results if one.harvester == OURS}, allowed, changed))
    print("\n".join(broken) or "Every limit is met.")
    return 1 if broken else 0


def listing_requests(home: Home) -> int:
    """How many listings of 500 members the stored categories take; one without members takes one too."""
    rows = tables.rows(tables.read(home, CATEGORIES))
    counts = [row["files"] for row in rows if row["status"] == "live"]
    return sum(max(1, math.ceil(int(str(count)) / MEMBERS_PER_LISTING)) for count in counts)


def change(wiki: MediaWiki, pictures: Sequence[Picture], count: int, seed: int) -> set[int]:
    """Change `count` files in every way that a file changes, one after the other; returns their page ids."""
    admin = wiki.admin
    chosen = random.Random(seed).sample(list(pictures), count)
    ids: set[int] = set()
    for number, picture in enumerate(chosen):
        pageid = int(str(admin.page(picture.title)["pageid"]))
        match number % 6:
            case 0 | 1:
                admin.append(picture.title, "\n{{Cc-by-sa-4.0}}")
            case 2:
                admin.upload(picture.title, _jpeg(number))
            case 3:
                admin.move(
                    picture.title, picture.title.replace(".jpg", " (renamed).jpg"), leave_redirect=number % 2 > 0
                )
            case 4:
                admin.delete(picture.title)
            case 5:
                title = f"File:Newly uploaded {number}.jpg"
                admin.upload(title, _jpeg(1000 + number), f"{EXPIRED}[[Category:{picture.categories[0]}]]")
                pageid = int(str(admin.page(title)["pageid"]))
        ids.add(pageid)
    wiki.run_jobs()
    return ids


def _jpeg(number: int) -> bytes:
    buffer = io.BytesIO()
    colour = (number % 256, number // 256 % 256, 200)
    Image.new("RGB", (120, 80), colour).save(buffer, "JPEG", comment=b"changed %d" % number)
    return buffer.getvalue()


def table(results: Sequence[Measured]) -> str:
    """The measurements as a Markdown table, each beside ours of the same phase."""
    ours = {one.phase: one for one in results if one.harvester == OURS}
    columns = ("files", "files/s", "CPU s", "requests", "per file", "bytes per file", "peak MB", "requests : ours")
    lines = [f"| sync | harvester | {' | '.join(columns)} |", f"|---|---|{'--:|' * len(columns)}"]
    for one in results:
        ratio = one.requests / ours[one.phase].requests
        lines.append(
            f"| {one.phase} | {one.harvester} | {one.files} | {one.files / one.seconds:.0f} | {one.cpu_s:.1f} "
            f"| {one.requests} | {one.requests / one.files:.4f} | {one.received_bytes / one.files:.0f} "
            f"| {one.peak_bytes / 1e6:.0f} | {ratio:.1f} |"
        )
    return "\n".join(lines)


def broken_limits(ours: dict[str, Measured], listings: int, changed: set[int]) -> Iterator[str]:
    """Which of the limits that were set for the harvest are not met, in words."""
    first, unchanged, after = (ours[phase] for phase in PHASES)
    per_file = first.requests / first.files
    if per_file > MOST_REQUESTS_PER_FILE:
        yield f"first sync: {per_file:.4f} API requests per file, allowed {MOST_REQUESTS_PER_FILE}"
    if unchanged.requests > listings + MOST_OTHER_REQUESTS:
        yield f"no change: {unchanged.requests} requests, allowed {listings} + {MOST_OTHER_REQUESTS}"
    if unchanged.asked:
        yield f"no change: details of {len(unchanged.asked)} pages were asked for, allowed none"
    if others := set(after.asked) - changed:
        yield f"1% changed: details of {len(others)} pages that did not change were asked for, e.g. {min(others)}"
    if unread := changed - set(after.asked):
        yield f"1% changed: {len(unread)} changed pages were not read again, e.g. {min(unread)}"
    for one in (first, unchanged, after):
        if one.peak_bytes > MOST_MEMORY_BYTES:
            allowed = MOST_MEMORY_BYTES / 1e6
            yield f"{one.phase}: {one.peak_bytes / 1e6:.0f} MB of memory at the most, allowed {allowed:.0f}"


if __name__ == "__main__":
    sys.exit(main())
