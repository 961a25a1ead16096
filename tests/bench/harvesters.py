"""One sync in a process of its own, so that its memory is its own: ours, or mwclient driven as its users do.

Called by tests.bench.harvest; prints one line of JSON.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import requests

MAX_SIDE = "1280"


def ours(api: str, folder: Path, categories: list[str]) -> int:
    """The assets commons/categories, commons/refresh and catalog/items, as the nightly job runs them."""
    # Each harvester imports what it needs itself: what it takes is its own.
    import dagster as dg

    from pd_assets.assets.catalog import catalog_items
    from pd_assets.assets.commons import commons_categories, commons_refresh
    from pd_assets.resources import Platform

    os.environ.update(PD_HOME=str(folder), PD_COMMONS_API=api, PD_MAX_SIDE=MAX_SIDE)
    done = dg.materialize(
        [commons_categories, commons_refresh, catalog_items],
        instance=dg.DagsterInstance.ephemeral(),
        resources={"platform": Platform()},
    )
    (items,) = done.asset_materializations_for_node("catalog__items")
    rows = items.metadata["dagster/row_count"].value
    assert isinstance(rows, int)
    return rows


def mwclient_usual(api: str, folder: Path, categories: list[str]) -> int:
    """Every member of every category: its imageinfo (comes with the listing), text and categories, a page at a time."""
    return _with_mwclient(api, folder, categories, is_careful=False)


def mwclient_careful(api: str, folder: Path, categories: list[str]) -> int:
    """The same by a user who notes the revision of every page and reads again only what has another one."""
    return _with_mwclient(api, folder, categories, is_careful=True)


def _with_mwclient(api: str, folder: Path, categories: list[str], *, is_careful: bool) -> int:
    import mwclient

    folder.mkdir(parents=True, exist_ok=True)
    notes = folder / "revisions.json"
    known: dict[str, int] = json.loads(notes.read_text()) if is_careful and notes.is_file() else {}
    address = urlsplit(api)
    session = requests.Session()
    session.trust_env = False
    session.headers["User-Agent"] = "bench (tests@example.org)"
    site = mwclient.Site(address.netloc, scheme=address.scheme, pool=session)
    seen: dict[str, int] = {}
    with (folder / "pages.jsonl").open("w", encoding="utf-8") as out:
        for category in categories:
            for page in site.categories[category].members(namespace=6):
                if page.name in seen or (is_careful and known.get(page.name) == page.revision):
                    seen[page.name] = page.revision
                    continue
                seen[page.name] = page.revision
                found = {"title": page.name, "imageinfo": page.imageinfo, "text": page.text()}
                found["categories"] = [one.name for one in page.categories()]
                out.write(json.dumps(found) + "\n")
    if not is_careful:
        notes.write_text(json.dumps(seen))
    return len(seen)


def _peak_bytes() -> int:
    """The most memory that this process ever held; the usual resource counter would include its parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (peak,) = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(peak) * 1024


HARVESTERS: dict[str, Callable[[str, Path, list[str]], int]] = {
    "ours": ours,
    # Before the usual one, which notes the revisions that this one starts from the next time.
    "mwclient, careful": mwclient_careful,
    "mwclient": mwclient_usual,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("harvester", choices=HARVESTERS)
    parser.add_argument("api", metavar="URL")
    parser.add_argument("folder", type=Path, help="where this harvester keeps what it reads")
    parser.add_argument("categories", nargs="+")
    chosen = parser.parse_args()
    started = time.monotonic()
    before_s = time.process_time()
    files = HARVESTERS[chosen.harvester](chosen.api, chosen.folder, chosen.categories)
    report = {
        "files": files,
        "seconds": time.monotonic() - started,
        "cpu_s": time.process_time() - before_s,
        "peak_bytes": _peak_bytes(),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
