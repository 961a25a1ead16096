"""Whether a bundle is whole, unaltered, signed, and says what its ledgers give; offline, with nothing but `pd_ml`.

Nothing of a bundle is trusted: it is read in the order in which it can be, links are not followed, and a ledger is
opened only once its digest is that of its record. All problems are collected. No torch in here. Errors: BundleError,
MarkError (the key that was given).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from pd_ml.bundle import layout
from pd_ml.bundle.chain import REQUIRED, Chain, problems_of_chain, read_chain
from pd_ml.bundle.comparing import problems_by_rules, problems_of_papers
from pd_ml.bundle.distrust import Problem, misfits, read_json
from pd_ml.bundle.facts import Facts, read_facts, read_release
from pd_ml.bundle.ledgers import compare_ledgers, readable_ledgers
from pd_ml.bundle.papers import WRITERS
from pd_ml.bundle.sealing import Listing, Sealed, digests_of, list_files, newer_format, problems_of_manifest
from pd_ml.bundle.signature import PublicKey, problems_of_signature, read_public_key
from pd_ml.bundle.told import problems_of_labels, problems_of_release, problems_of_report
from pd_ml.bundle.weights import problems_of_weights
from pd_ml.data.shards import ShardError
from pd_ml.errors import BundleError, MarkError, PdMlError

_PAPERS = "papers"
# What a hostile file can make of code that expects a good one.
_SURPRISES = (ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError, AssertionError)


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What was looked at; of a ledger that could not be read, no rows and pictures are told."""

    files: int = 0
    size_bytes: int = 0
    models: int = 0
    rows: int = 0
    pictures: int = 0
    showings: int = 0
    papers: int = 0
    licence: str = ""
    key: str = ""
    is_own_key: bool = False


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """All that is wrong with a bundle, and what was looked at."""

    problems: tuple[Problem, ...]
    checked: Checked

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify(folder: Path, public_key: Path | None = None) -> Verdict:
    """Look at all of a bundle. `public_key` is what the publisher hands out elsewhere; else the bundle's own is used.

    BundleError where there is no such folder, MarkError where the given key cannot be read.
    """
    given = read_public_key(public_key) if public_key is not None else None
    listing = list_files(folder, is_copy=True)
    if listing.unsafe:
        return Verdict(problems=(*listing.unsafe, *listing.problems), checked=Checked())
    for name in (layout.MANIFEST, layout.RELEASE):
        if name in listing.files and (newer := newer_format(listing.files[name])):
            return Verdict(problems=(newer,), checked=Checked())
    return _Verification(folder, listing, given).verdict()


class _Verification:
    """One look at one bundle: each part notes what is wrong and leaves what the next ones need."""

    def __init__(self, folder: Path, listing: Listing, given: PublicKey | None) -> None:
        self._folder = folder
        self._given = given
        self._problems: list[Problem] = list(listing.problems)
        self._found: Mapping[str, Sealed] = digests_of(listing, self._problems)
        self._key = given
        self._untrusted: set[str] = set()
        self._rows = 0
        self._chain: Chain | None = None
        self._facts: Facts | None = None

    def verdict(self) -> Verdict:
        """Every part in its order; what could not be read leaves out what rests on it."""
        self._look(layout.MANIFEST, self._manifest)
        self._look(layout.SIGNATURE, self._signature)
        # Altered by their digests: flipped bits may end a reader of Parquet.
        self._untrusted = {problem.file for problem in self._problems}
        if not self._half():
            self._look(layout.RELEASE, self._release)
            self._look(layout.CHAIN, self._records)
            self._look(layout.EVALUATION, self._report)
            self._look(layout.PIPELINE, self._weights)
            self._look(layout.LEDGER, self._ledgers)
            self._look(layout.LEDGER, self._count)
            self._look(_PAPERS, self._papers)
            self._look(_PAPERS, self._rules)
        return Verdict(problems=tuple(dict.fromkeys(self._problems)), checked=self._checked())

    def _look(self, name: str, part: Callable[[], list[Problem]]) -> None:
        """One part; a surprise in it is a problem of the file that it is about."""
        try:
            self._problems += part()
        except (PdMlError, ShardError, OSError, pa.ArrowException) as error:
            text = str(error).removeprefix(f"{self._folder / name}: ").removeprefix(f"{self._folder}/")
            self._problems.append(Problem(file=name, text=text))
        except _SURPRISES as error:
            text = f"cannot be checked ({type(error).__name__}: {error}); it is not what a bundle holds"
            self._problems.append(Problem(file=name, text=text))

    def _manifest(self) -> list[Problem]:
        return problems_of_manifest(self._folder, self._found) if layout.MANIFEST in self._found else []

    def _signature(self) -> list[Problem]:
        problems = []
        if layout.PUBLIC_KEY in self._found:
            try:
                own = read_public_key(self._folder / layout.PUBLIC_KEY)
                if self._given is not None and own.fingerprint != self._given.fingerprint:
                    text = f"the key {own.fingerprint}, expected the given one {self._given.fingerprint}"
                    problems.append(Problem(file=layout.PUBLIC_KEY, text=text))
                self._key = self._given or own
            except MarkError as error:
                text = str(error).removeprefix(f"{self._folder / layout.PUBLIC_KEY}: ")
                problems.append(Problem(file=layout.PUBLIC_KEY, text=text))
        if self._key is None or layout.SIGNATURE not in self._found:
            return problems
        return [*problems, *problems_of_signature(self._folder, self._found, self._key)]

    def _half(self) -> bool:
        """Whether something is missing that every bundle has."""
        missing = [name for name in REQUIRED if name not in self._found]
        missing += [
            f"{name}/"
            for name in (layout.PIPELINE, layout.CHAIN)
            if not any(path.startswith(f"{name}/") for path in self._found)
        ]
        if missing:
            text = f"half a bundle, without {', '.join(missing)}; fetch it again"
            self._problems.append(Problem(file=self._folder.resolve().name, text=text))
        return bool(missing)

    def _release(self) -> list[Problem]:
        read_json(self._folder / layout.RELEASE)
        release = read_release(self._folder)
        wrong = [Problem(file=layout.RELEASE, text=text) for text in misfits(release)] or problems_of_release(release)
        if wrong:
            self._untrusted.add(layout.RELEASE)
        return wrong

    def _records(self) -> list[Problem]:
        self._chain, problems = read_chain(self._folder)
        return [*problems, *problems_of_chain(self._chain, self._found)]

    def _report(self) -> list[Problem]:
        try:
            return problems_of_report(self._folder, self._chain) if self._chain is not None else []
        except BundleError:
            self._untrusted.add(layout.EVALUATION)
            raise

    def _weights(self) -> list[Problem]:
        return problems_of_weights(self._folder, self._found)

    def _ledgers(self) -> list[Problem]:
        if self._chain is None or layout.LEDGER in self._untrusted:
            return []
        digests = {name: one.sha256 for name, one in self._found.items()}
        self._rows, problems = compare_ledgers(self._folder, self._chain, readable_ledgers(self._chain, digests))
        return problems

    def _count(self) -> list[Problem]:
        if self._chain is None or {layout.LEDGER, layout.RELEASE, layout.EVALUATION} & self._untrusted:
            return []
        self._facts = read_facts(self._folder)
        return []

    def _papers(self) -> list[Problem]:
        if self._facts is None:
            text = "not compared, as the facts that they are computed from cannot be read or trusted"
            return [Problem(file=_PAPERS, text=text)]
        return problems_of_papers(self._facts, self._found, WRITERS)

    def _rules(self) -> list[Problem]:
        if self._facts is None:
            return []
        facts = self._facts
        return [*problems_of_labels(facts), *problems_by_rules(facts)]

    def _checked(self) -> Checked:
        counts = self._facts.counts if self._facts else None
        return Checked(
            files=len(self._found),
            size_bytes=sum(one.size_bytes for one in self._found.values()),
            models=len(self._chain.models) if self._chain else 0,
            rows=self._rows,
            pictures=counts.seen if counts else 0,
            showings=counts.showings if counts else 0,
            papers=len(WRITERS) if self._facts else 0,
            licence=self._licence(),
            key=self._key.fingerprint if self._key else "",
            is_own_key=self._given is None,
        )

    def _licence(self) -> str:
        try:
            return self._facts.licence if self._facts else ""
        except BundleError:
            return ""
