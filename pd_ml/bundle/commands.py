"""`python -m pd_ml papers`, `sign` and `verify`: their arguments, and what they print. No torch in here.

Errors: BundleError, MarkError.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TypeAlias

from pd_ml.bundle import layout
from pd_ml.errors import BundleError

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

_PAPERS_EXAMPLES = """examples:
  python -m pd_ml papers data/release/transformer/0123456789abcdef.partial
The folder holds the facts of a bundle; the same facts give the same papers, byte for byte."""

_SIGN_EXAMPLES = """examples:
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out release-key.pem
  python -m pd_ml sign data/release/transformer/0123456789abcdef.partial --key release-key.pem
The public key is put into the bundle; say its fingerprint where people will look for it too."""

_VERIFY_EXAMPLES = """examples:
  python -P -m pd_ml verify transformer-0123456789abcdef
  python -P -m pd_ml verify transformer-0123456789abcdef --public-key publisher.pem
  python -P -m pd_ml verify transformer-0123456789abcdef --json
Start it outside of the bundle: -P keeps the current folder off Python's path, so that no code of the bundle runs.
Without --public-key it is checked that nothing changed since somebody signed, not who did. No network is used."""


def add_commands(commands: Commands) -> None:
    """Add the commands to the command line."""
    papers = _command(commands, "papers", "write the papers of a bundle in the making", _PAPERS_EXAMPLES)
    papers.add_argument("folder", metavar="FOLDER", help="weights, ledgers and records of a bundle, and release.json")
    sign = _command(commands, "sign", "sign every file of a bundle", _SIGN_EXAMPLES)
    sign.add_argument("folder", metavar="FOLDER", help="a bundle with its papers")
    sign.add_argument("--key", required=True, metavar="KEY.pem", help="private key, P-256 or P-384, without a password")
    verify = _command(commands, "verify", "check a bundle: digests, signature, chain, ledger, papers", _VERIFY_EXAMPLES)
    verify.add_argument("bundle", metavar="BUNDLE", help="the folder that was handed out")
    verify.add_argument("--public-key", metavar="PEM", help="the publisher's key (default: the one in the bundle)")
    verify.add_argument("--json", action="store_true", help="print the result as one line of JSON")


def _command(commands: Commands, name: str, text: str, examples: str) -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    return commands.add_parser(name, help=text, description=text, epilog=examples, formatter_class=form)


def _papers(parsed: argparse.Namespace) -> None:
    from pd_ml.bundle.papers import WRITERS
    from pd_ml.bundle.sealing import make_papers

    listed = make_papers(Path(parsed.folder))
    _event("done", out=parsed.folder, papers=len(WRITERS), files=listed)


def _sign(parsed: argparse.Namespace) -> None:
    from pd_ml.bundle.signature import sign

    fingerprint = sign(Path(parsed.folder), Path(parsed.key))
    _event("done", out=parsed.folder, fingerprint=fingerprint)


def _verify(parsed: argparse.Namespace) -> None:
    from pd_ml.bundle.distrust import shown
    from pd_ml.bundle.verify import verify

    folder = Path(parsed.bundle)
    _require_own_code(folder)
    found = verify(folder, Path(parsed.public_key) if parsed.public_key else None)
    checked = found.checked
    if parsed.json:
        problems = [{"file": shown(one.file), "text": shown(one.text)} for one in found.problems]
        _event("verified" if found.is_whole else "refused", problems=problems, checked=asdict(checked))
    elif not found.is_whole:
        sys.stderr.writelines(f"{problem}\n" for problem in found.problems)
    if not found.is_whole:
        count = len(found.problems)
        raise BundleError(
            f"{folder}: {count} {'problem' if count == 1 else 'problems'}; this is not what its publisher signed and "
            "its ledgers give; fetch it again, or ask the publisher"
        )
    if parsed.json:
        return
    sys.stdout.write(
        f"{folder}: whole and unaltered, {checked.files} files of {checked.size_bytes} bytes\n"
        f"ledger: {checked.pictures} pictures, {checked.showings} showings in training, {checked.rows} rows, the same "
        f"as the ledgers of {checked.models} {'model' if checked.models == 1 else 'models'}\n"
        f"papers: {checked.papers}, the same as its facts give; licence of the weights: {checked.licence}\n"
        f"{_signed_by(checked.key, checked.is_own_key)}\n"
    )


def _require_own_code(folder: Path) -> None:
    """What is checked must not be what checks: neither this package nor a folder of Python's path lies in the bundle.

    It cannot see a bundle whose own code ran instead of this; for that Python is started outside of it.
    """
    bundle = folder.resolve()
    for place in (Path(__file__).parents[1], *map(Path, sys.path)):
        # What a finder of an editable installation puts on the path is no file.
        if place.exists() and place.resolve().is_relative_to(bundle):
            raise BundleError(
                f"{folder}: Python takes code from {place}, which lies in the bundle; start it outside of the bundle, "
                "with a pd_ml that is not the bundle's: python -P -m pd_ml verify BUNDLE"
            )


def _signed_by(fingerprint: str, is_own_key: bool) -> str:
    if not is_own_key:
        return f"signed by the given key with fingerprint {fingerprint}"
    return (
        f"signed by a key with fingerprint {fingerprint}, which this bundle brings itself ({layout.PUBLIC_KEY}): "
        "compare it with what the publisher says elsewhere"
    )


def _event(kind: str, **fields: object) -> None:
    """One line for programs, as every command writes them."""
    sys.stdout.write(json.dumps({"event": kind, **fields}) + "\n")
    sys.stdout.flush()


RUN: Mapping[str, Callable[[argparse.Namespace], None]] = {"papers": _papers, "sign": _sign, "verify": _verify}
