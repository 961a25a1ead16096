"""Leave out the work of an asset whose inputs, outputs, settings and code are what they were when it was made last.

What it was made of is a digest in the tag `pd/made_of` of its materialisation, over the tables that it opened then
(metadata `tables_read`); of an asset by item bucket there is one for each bucket, in its observations (by_bucket.py).
The files decide, not the events of other assets: what a person or another home put there counts. Writing the same bytes
again leaves a file as it is (`home.replacing`), so a step that found nothing new leaves those after it nothing to do.
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
from pd_assets.lib.catalog import buckets as item_buckets
from pd_assets.lib.catalog.schemas import TABLES, Table
from pd_assets.lib.catalog.tables import bucket_file, used_digests, watched
from pd_assets.lib.home import Home
from pd_assets.lib.settings import Settings
from pd_assets.resources import Platform
from pd_assets.running import by_bucket
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
    of its inputs by the passing of time alone. `per_run`: metadata of what one run did, which are left out where the
    step is skipped: a 0 would be a dip in their plot.
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
                names = by_bucket.names_of(context)
                by_bucket.chosen(context, home)
                last, made_of = _last(context, names)
                opened = {} if last is None else {key: _state_of(home, TABLES[key]) for key in _opened(last)}
            if last is not None and made_of == _made_of(home, makes, writes, names, files, opened, told):
                context.log.info(f"{context.asset_key.to_user_string()}: work {NOTHING}")
                stands = {name: value for name, value in (last.metadata or {}).items() if name not in per_run}
                metadata = {**stands, "work": NOTHING, **done.cost_if(False)}
                return last._replace(metadata=metadata if names is None else {**metadata, **_as_metadata(made_of)})
            opened = {}
            own = {table.key for table in makes}

            def note(home: Home, table: Table) -> None:
                if table.key not in own and table.key not in opened:
                    opened[table.key] = []  # its own reading is not noted
                    opened[table.key] = _state_of(home, table)

            with watched(note):
                result = make(context, platform, *args, **kwargs)
            made_of = _made_of(home, makes, writes, names, files, opened, told)
            metadata = {**(result.metadata or {}), OPENED: dg.MetadataValue.json(sorted(opened))}
            if names is not None:
                return result._replace(metadata={**metadata, **_as_metadata(made_of)})
            return result._replace(tags={**(result.tags or {}), TAG: made_of[""]}, metadata=metadata)

        return made

    return decorate


def _made_of(
    home: Home,
    makes: Collection[Table],
    writes: Places,
    names: list[str] | None,
    files: list[object],
    opened: dict[str, list[object]],
    told: list[object],
) -> dict[str, str]:
    """What was made of what, as digests: by bucket, or under no name where there are none. Of what it makes itself a
    bucket knows only its own files: who makes another at the same time takes nothing from it."""
    if names is None:
        made = _state([*tables(*makes)(home), *writes(home)], home)
        return {"": _digest(files, opened, made, told)}
    known = item_buckets.names(home.buckets)
    own = [table for table in makes if table.by_bucket]
    places = {name: [bucket_file(home, table, known.index(name)) for table in own] for name in names}
    return {name: _digest(files, opened, _state(places[name], home), told) for name in names}


def _as_metadata(made_of: dict[str, str]) -> dict[str, dg.MetadataValue]:
    return {by_bucket.MADE_OF: dg.MetadataValue.json(made_of)}


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


def _last(
    context: dg.AssetExecutionContext, names: list[str] | None
) -> tuple[dg.MaterializeResult | None, dict[str, str]]:
    """The last materialisation again, where it says what it was made of, and what each of these buckets was made of."""
    if names is not None:
        return _last_of_buckets(context, names)
    event = context.instance.get_latest_materialization_event(context.asset_key)
    found = event.asset_materialization if event else None
    if found is None or TAG not in (found.tags or {}) or OPENED not in found.metadata:
        return None, {}
    tags = dict(found.tags or {})
    version = tags.get("dagster/data_version")
    result: dg.MaterializeResult = dg.MaterializeResult(
        metadata=dict(found.metadata),
        data_version=dg.DataVersion(version) if version else None,
        tags={TAG: tags[TAG]},
    )
    return result, {"": tags[TAG]}


def _last_of_buckets(
    context: dg.AssetExecutionContext, names: list[str]
) -> tuple[dg.MaterializeResult | None, dict[str, str]]:
    """The same of several buckets; nothing where they opened not the same tables, or one of them says nothing."""
    told = by_bucket.told(context, names)
    runs = [one.run for one in told.values()]
    opened = {str(run[OPENED].value) for run in runs if OPENED in run}
    if len(told) < len(names) or len(opened) != 1 or any(OPENED not in run for run in runs):
        return None, {}
    kept = {name: value for name, value in told[names[0]].run.items() if name != by_bucket.BUCKETS}
    return dg.MaterializeResult(metadata=kept), {name: one.made_of or "" for name, one in told.items()}


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
