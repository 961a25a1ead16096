"""Leave out the work of an asset whose inputs, outputs, settings and code are what they were when it was made last.

What it was made of is a digest in the tag `pd/made_of` of its materialisation, over the tables that it opened then
(metadata `tables_read`). The files decide, not the events of other assets: what a person or another home put there
counts. Writing the same bytes again leaves a file as it is (`home.replacing`), so a step that found nothing new leaves
those after it nothing to do.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable
from functools import cache, wraps
from pathlib import Path
from typing import Concatenate, ParamSpec

import dagster as dg

import pd_assets
import pd_ml.data
from pd_assets.lib.catalog.schemas import TABLES, Table
from pd_assets.lib.catalog.tables import used_digests, watched
from pd_assets.lib.home import Home
from pd_assets.lib.settings import Settings
from pd_assets.resources import Platform
from pd_assets.running.step import step

TAG = "pd/made_of"
# Metadata: the keys of the tables that it opened.
OPENED = "tables_read"
NOTHING = "none: inputs, settings and code are those of the last time"
P = ParamSpec("P")
Places = Callable[[Home], Iterable[Path | str]]
Make = Callable[Concatenate[dg.AssetExecutionContext, Platform, P], dg.MaterializeResult]


def tables(*read: Table) -> Places:
    """The folders of some tables."""
    return lambda home: [home.table(table.key) for table in read]


def unless_unchanged(
    *,
    makes: Collection[Table] = (),
    reads: Places = lambda _: (),
    writes: Places = lambda _: (),
    settings: Callable[[Settings], object] = lambda _: None,
    time: Callable[[Home, Settings], object] = lambda *_: None,
    per_run: Collection[str] = (),
) -> Callable[[Make[P]], Make[P]]:
    """Make the asset only where something changed; else report what the last materialisation said, once more.

    Which tables it depends on is noted as it opens them: all but those that it `makes`. `reads` and `writes` are files
    that are no tables. `settings` are those that it depends on; its run config counts too. `time` is what has become
    of its inputs by the passing of time alone. `per_run`: metadata of what one run did, which are 0 or left out where
    the step is skipped.
    """

    def decorate(make: Make[P]) -> Make[P]:
        @wraps(make)
        def made(
            context: dg.AssetExecutionContext, platform: Platform, *args: P.args, **kwargs: P.kwargs
        ) -> dg.MaterializeResult:
            with step() as done:
                home = platform.home()
                chosen = platform.settings()
                told = [
                    settings(chosen),
                    repr(time(home, chosen)),
                    [str(one) for one in args],
                    sorted(map(str, kwargs.items())),
                ]
                files = _state(reads(home), home)
                last = _last(context)
                opened = {} if last is None else {key: _state_of(home, TABLES[key]) for key in _opened(last)}
            made_now = [*tables(*makes)(home), *writes(home)]
            if last is not None and (last.tags or {}).get(TAG) == _digest(files, opened, _state(made_now, home), told):
                context.log.info(f"{context.asset_key.to_user_string()}: work {NOTHING}")
                stands = {name: value for name, value in (last.metadata or {}).items() if name not in per_run}
                idle = {name: 0 for name in per_run if isinstance(_value(last, name), int)}
                return last._replace(metadata={**stands, **idle, "work": NOTHING, **done.cost})
            opened = {}
            own = {table.key for table in makes}

            def note(home: Home, table: Table) -> None:
                if table.key not in own and table.key not in opened:
                    opened[table.key] = []  # its own reading is not noted
                    opened[table.key] = _state_of(home, table)

            with watched(note):
                result = make(context, platform, *args, **kwargs)
            made_now = [*tables(*makes)(home), *writes(home)]
            return result._replace(
                tags={**(result.tags or {}), TAG: _digest(files, opened, _state(made_now, home), told)},
                metadata={**(result.metadata or {}), OPENED: dg.MetadataValue.json(sorted(opened))},
            )

        return made

    return decorate


def _state_of(home: Home, table: Table) -> list[object]:
    """What a table is now: its files; of one of whose rows only some are used, the digests of those in its footers."""
    return _state(tables(table)(home), home) if table.used is None else [*used_digests(home, table)]


def _opened(last: dg.MaterializeResult) -> list[str]:
    """The tables that the last materialisation was made of, of those that there still are."""
    keys = _value(last, OPENED)
    return [key for key in keys if key in TABLES] if isinstance(keys, list) else []


def state_of(places: Iterable[Path | str], *more: object) -> str:
    """A digest of what lies in some places, of more that counts, and of the code; no file is read."""
    return _digest(_state(places), [str(one) for one in more])


def _last(context: dg.AssetExecutionContext) -> dg.MaterializeResult | None:
    """The last materialisation again, where it says what it was made of."""
    event = context.instance.get_latest_materialization_event(context.asset_key)
    found = event.asset_materialization if event else None
    if found is None or TAG not in (found.tags or {}) or OPENED not in found.metadata:
        return None
    tags = dict(found.tags or {})
    version = tags.get("dagster/data_version")
    return dg.MaterializeResult(
        metadata=dict(found.metadata),
        data_version=dg.DataVersion(version) if version else None,
        tags={TAG: tags[TAG]},
    )


def _value(result: dg.MaterializeResult, name: str) -> object:
    return getattr((result.metadata or {}).get(name), "value", None)


def _state(places: Iterable[Path | str], home: Home | None = None) -> list[object]:
    """Name, size and time of every Parquet file below some folders, and of every file that is named itself; digests of
    content as they are. Names are those below the home, which may lie elsewhere tomorrow."""
    seen: list[object] = []
    for place in places:
        if isinstance(place, str):
            seen.append(place)
            continue
        seen += [[_name(path, home), *_seen(path)] for path in _files(place)]
    return seen


def _name(path: Path, home: Home | None) -> str:
    return str(path.relative_to(home.root)) if home is not None and path.is_relative_to(home.root) else str(path)


def _files(place: Path) -> list[Path]:
    if not place.is_dir():
        return [place]
    return sorted(path for path in place.rglob("*.parquet") if not path.name.startswith("."))


def _seen(path: Path) -> list[object]:
    if not path.exists():
        return ["missing"]
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns]


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps([_code(), *parts], sort_keys=True).encode()).hexdigest()[:32]


@cache
def _code() -> str:
    """A digest of the domain's code: another version may make something else of the same."""
    roots = [Path(str(pd_assets.__file__)).parent / "lib", Path(str(pd_ml.data.__file__)).parent]
    files = sorted(path for root in roots for path in root.rglob("*") if path.suffix in (".py", ".sql"))
    found = hashlib.sha256()
    for path in files:
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()
