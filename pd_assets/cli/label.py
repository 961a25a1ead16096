"""`pdd label`: go through the pictures that lack a caption, on a local page or in the terminal."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from pd_assets.cli import sandbox
from pd_assets.cli.project import HOST, require_free
from pd_assets.lib.addresses import archives_of
from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.commons.reread import reread_page
from pd_assets.lib.errors import PdError
from pd_assets.lib.home import Home, at_work, open_home
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.labelling.queue import AT_ONCE, Order, Unlabelled, pick
from pd_assets.lib.labelling.work import LabellingWork, labelled_before
from pd_assets.lib.ledger import recording
from pd_assets.lib.settings import Settings, require_contact
from pd_assets.lib.standing import of_the_environment

EXAMPLES = """examples:
  pdd label                                       a local page, those first of which least is known
  pdd label --category "Winter in art"            of one category
  pdd label --no-browser --order random           on the terminal
A home that the sandbox filled has it again meanwhile.
"""
LABEL_PORT = 8422
PROMPT = "[Enter] done   s skip   q quit > "


def run_label(*, order: Order, category: str | None, seed: int, port: int, in_browser: bool) -> None:
    """Serve the page until Ctrl-C, or ask on the terminal until the end of the queue."""
    settings = of_the_environment()
    require_contact(settings)
    with at_work(open_home(settings.home)) as home, sandbox.beside(home):
        queue = pick(home, order=order, category=category, seed=seed, but=labelled_before(home))
        work = LabellingWork(home=home, queue=queue, reread=lambda picture: _reread(settings, home, picture))
        if not work.queue:
            print("Every licensed picture has a caption, or none is there yet (pdd run nightly gathers them).")
        elif in_browser:
            _serve(work, port, settings.allowed_hosts)
        else:
            for line in in_terminal(work):
                print(line, flush=True)


def in_terminal(work: LabellingWork) -> Iterator[str]:
    """The same on a terminal: lines to show; answers are read from stdin."""
    while (picture := work.current) is not None:
        work.home.fetched(picture.picture)
        yield f"\n{work.at + 1} of {len(work.queue)}  {picture.title}\n  {picture.page_url}\n  {picture.picture}"
        for label in work.known(picture):
            yield f"  {label.field}: {label.value}"
        if (answer := _answer()) in ("q", None):
            break
        if answer == "s":
            work.skip()
            continue
        try:
            outcome = work.done()
        except PdError as error:
            yield str(error)
            continue
        assert outcome is not None
        yield outcome.says
        if outcome.new or outcome.status != "live":
            work.next()
    yield f"\n{work.labelled} labelled, {work.skipped} skipped"


def _answer() -> str | None:
    try:
        return input(PROMPT).strip().lower()
    except EOFError:
        return None


def _serve(work: LabellingWork, port: int, also_called: Sequence[str]) -> None:
    import uvicorn

    from pd_assets.lib.labelling.site import labelling_site

    require_free(port, "--port")
    url = f"http://{HOST}:{port}/"
    print(
        f"{len(work.queue)} pictures to go through, {AT_ONCE} at most in a sitting: {url}   (Ctrl-C stops it)",
        flush=True,
    )
    uvicorn.run(labelling_site(work, also_called=also_called), host=HOST, port=port, log_level="warning")
    print(f"\n{work.labelled} labelled, {work.skipped} skipped")


def _reread(settings: Settings, home: Home, picture: Unlabelled) -> Mapping[str, object]:
    with _client(settings, home) as client:
        return reread_page(client, home, picture.pageid, picture.categories)


@contextmanager
def _client(settings: Settings, home: Home) -> Iterator[CommonsClient]:
    home.claim(settings.commons_api)
    polite = PoliteSession(require_contact(settings), archives=archives_of(settings))
    with recording(home, "label", polite) as session:
        yield CommonsClient(settings.commons_api, session, thumb_side=settings.max_side, token=settings.commons_token)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    parser.add_argument("--category", metavar="TITLE", help="only pictures of this category")
    parser.add_argument(
        "--order", choices=("useful", "random"), default="useful", help="useful: those first of which least is known"
    )
    parser.add_argument("--seed", type=int, default=0, help="another seed, another order (default 0)")
    parser.add_argument("--port", type=int, default=LABEL_PORT, help=f"port of the page (default {LABEL_PORT})")
    parser.add_argument("--no-browser", action="store_true", help="on the terminal instead of a local page")


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    run_label(
        order=arguments.order,
        category=arguments.category,
        seed=arguments.seed,
        port=arguments.port,
        in_browser=not arguments.no_browser,
    )
