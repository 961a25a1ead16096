"""Whether a home can be read, for a program that watches the site: cheap, and without a path, a setting or a name.

Tables are looked at by the footers of their files; one that was never written is no fault.
"""

from collections.abc import Mapping

from pd_assets.lib import migrations
from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS, LICENSED, MEMBERS
from pd_assets.lib.errors import PdError
from pd_assets.lib.home import Home
from pd_assets.lib.release.lineage import LATEST

LOOKED_AT = (ITEMS, DECISIONS, FILES, LICENSED, MEMBERS)
OK, FAILING = "ok", "failing"


def health(home: Home) -> Mapping[str, object]:
    """`status` is `ok` or `failing`; `tables` has the rows of each, null where it cannot be read; `models` what is in
    use of each stage."""
    if not home.root.is_dir():
        return {"status": FAILING, "problems": ["the home is not there"]}
    problems: list[str] = []
    try:
        number: int | None = migrations.format_of(home)
    except (PdError, OSError):
        number = None
        problems.append("the format of the home cannot be read")
    counts: dict[str, int | None] = {}
    for table in LOOKED_AT:
        try:
            counts[table.key] = tables.count_rows(home, table)
        except (PdError, OSError):
            counts[table.key] = None
            problems.append(f"{table.key} cannot be read")
    return {
        "status": FAILING if problems else OK,
        "home_format": number,
        "tables": counts,
        "models": _in_use(home),
        "problems": problems,
    }


def _in_use(home: Home) -> dict[str, str]:
    found = {}
    for path in sorted((home.root / "models").glob(f"[!.]*/{LATEST}")):
        version = home.pointed("models", path.parent.name, LATEST)
        if version and home.model(path.parent.name, version).is_dir():
            found[path.parent.name] = version
    return found
