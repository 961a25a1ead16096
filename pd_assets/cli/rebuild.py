"""`pdd rebuild`: fetch and export a dataset version again from its manifest."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, at_work, open_home
from pd_assets.lib.settings import Settings, require_contact
from pd_assets.lib.standing import of_the_environment

if TYPE_CHECKING:
    from pd_assets.lib.http import PoliteSession

RUN = "rebuild"
EXAMPLES = """examples:
  pdd rebuild --manifest old/manifest.json --out again     a version of which little is left, by the home's tables
  pdd rebuild --manifest data/dataset/main/4f2a --out again
  pdd rebuild --manifest main/latest --out again           a version of this home, by its name
What was taken down here, or is accepted no more, is never rebuilt. again/missing.csv lists what is not as it was.
"""


def rebuilt(manifest: Path, out: Path) -> Iterator[str]:
    """What became of each shard, and of the pictures that are not as they were."""
    from pd_assets.lib.release import rebuilding
    from pd_assets.lib.release.rebuild_rows import read_original

    settings = of_the_environment()
    if not manifest.exists():
        manifest = _version_called(open_home(settings.home), str(manifest))
    original = read_original(manifest, profile=settings.rights_profile)
    with at_work(open_home(settings.home)) as home:
        done = rebuilding.rebuild(
            home, original, out, profile=settings.rights_profile, session=lambda: _session(home, settings)
        )
    of = f"{original.manifest.name} {original.manifest.version}"
    yield f"{len(done.same)} of {len(original.manifest.shards)} shards of {of} have the same bytes again"
    yield f"{done.rows} pictures, {done.fetched} of them fetched anew"
    yield from (f"other bytes, or nothing left: {path}" for path in done.other)
    yield from (f"{count} pictures: {what}" for what, count in sorted(done.counts.items()))
    if done.is_whole:
        yield f"the whole version is in {done.folder}"
    elif not done.counts:
        yield f"every row is there and the bytes differ, so another writer of Parquet made them: {done.folder}"
    else:
        yield f"what there is became the version {done.version} in {done.folder}; {rebuilding.MISSING} says the rest"


def _version_called(home: Home, called: str) -> Path:
    """A version of this home by its name; ConfigError where there is neither such a file nor such a version."""
    from pd_assets.lib.release.called import DATASET, folder_called

    try:
        return folder_called(home, called, (DATASET,))
    except ConfigError as error:
        raise ConfigError(f"{called}: there is no such file or folder, and {error}") from error


@contextmanager
def _session(home: Home, settings: Settings) -> "Iterator[PoliteSession]":
    """A polite session; ConfigError where another archive than the one that is set filled the home."""
    from pd_assets.lib.addresses import archives_of
    from pd_assets.lib.http import PoliteSession
    from pd_assets.lib.ledger import recording

    if home.archive not in (None, settings.commons_api):
        raise ConfigError(
            f"PD_HOME={home.root} holds pictures of {home.archive}, and PD_COMMONS_API is {settings.commons_api}; set "
            "it to the archive of this home"
        )
    polite = PoliteSession(require_contact(settings), archives=archives_of(settings))
    with recording(home, RUN, polite) as session:
        yield session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.epilog = EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--manifest",
        type=Path,
        required=True,
        metavar="PATH",
        help="manifest.json of the version, its folder, or the name of a version of this home (main/latest); "
        "pictures.arrow beside it is its list of pictures",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder to make")


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    for line in rebuilt(arguments.manifest, arguments.out):
        print(line)
