"""Openverse's rule for Wikimedia Commons, for somebody who asks it for public domain (`license=pdm,cc0`).

    python -m benchmarks.rights.systems.openverse [--pages FILE] [--out decisions.csv]

Its catalogue takes a file in only where `LicenseUrl` of extmetadata is an address at creativecommons.org that holds the
path of a known licence; the licence of the file is the one that the path names. A file without such an address is left
out: the code says that public-domain items are still to be added. Plain public-domain tags give no address, so none of
them comes in. What it takes in under CC BY is right for its users and no public domain: here it is refused.
The rule as it is written in WordPress/openverse, read at commit 0898996c179bf479c7a7686d08389b2c11e60649:
https://github.com/WordPress/openverse/blob/main/catalog/dags/providers/provider_api_scripts/wikimedia_commons.py
(extract_license_info) and catalog/dags/common/licenses/ (get_license_info, get_license_path_map). It also asks the
address where it redirects to; a path is all that we look at.
"""

import sys
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from benchmarks.rights.pages import ACCEPT, PROFILES, REJECT, WAIT, Decided, Page
from benchmarks.rights.systems.command import run

HOST = "creativecommons.org"
# The paths that it calls cc0, pdm and publicdomain.
PUBLIC_DOMAIN_PATHS = ("publicdomain/zero/1.0", "publicdomain/mark/1.0", "licenses/mark/1.0", "licenses/publicdomain")
LICENCE_PATH = "licenses/"


def decisions(pages: Sequence[Page]) -> Iterator[Decided]:
    for page in pages:
        verdict = _verdict(page.extmetadata.get("LicenseUrl", "").strip().lower())
        yield from (Decided(id=page.id, profile=profile, verdict=verdict) for profile in PROFILES)


def _verdict(address: str) -> str:
    found = urlsplit(address if "//" in address else f"https://{address}")
    if found.netloc != HOST:
        return WAIT
    if any(path in found.path for path in PUBLIC_DOMAIN_PATHS):
        return ACCEPT
    return REJECT if LICENCE_PATH in found.path else WAIT


if __name__ == "__main__":
    sys.exit(run(decisions, __doc__, None))
