"""The archive's own summary alone: what CommonsMetadata calls public domain or CC0 is accepted under every profile.

    python -m benchmarks.rights.systems.extmetadata [--pages FILE] [--out decisions.csv]

The summary names one licence of a page, public domain before all others, and never says of which country or term.
Source: https://www.mediawiki.org/wiki/Extension:CommonsMetadata
"""

import sys
from collections.abc import Iterator, Sequence

from benchmarks.rights.pages import ACCEPT, PROFILES, REJECT, WAIT, Decided, Page
from benchmarks.rights.systems.command import run

FREE_NAMES = frozenset({"public domain", "pd", "cc0", "cc0 1.0"})
FREE_CODES = frozenset({"pd", "cc0", "cc-zero"})


def decisions(pages: Sequence[Page]) -> Iterator[Decided]:
    for page in pages:
        verdict = _verdict(page)
        yield from (Decided(id=page.id, profile=profile, verdict=verdict) for profile in PROFILES)


def _verdict(page: Page) -> str:
    name = page.extmetadata.get("LicenseShortName", "").strip().lower()
    code = page.extmetadata.get("License", "").strip().lower()
    if not name and not code:
        return WAIT
    return ACCEPT if name in FREE_NAMES or (not name and code in FREE_CODES) else REJECT


if __name__ == "__main__":
    sys.exit(run(decisions, __doc__, None))
