"""The file pages of tests/fixtures/commons/pages.jsonl, by what each shows: as the client gets them, and as rows."""

import json
from datetime import UTC, datetime

from pd_assets.lib.commons.records import Page, parse_page
from tests.material import WRITTEN

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
Json = dict[str, object]


def whole_pages() -> dict[str, Json]:
    """Pages of `formatversion=2` with everything that the client asks for."""
    lines = (WRITTEN / "commons" / "pages.jsonl").read_text().splitlines()
    return {entry["shows"]: entry["page"] for entry in map(json.loads, lines)}


def parsed_pages() -> dict[str, Page]:
    return {shows: parse_page(page, thumb_side=1280, fetched_at=NOW) for shows, page in whole_pages().items()}


def page_rows() -> dict[str, Json]:
    """Rows of commons/pages."""
    return {shows: page.in_category("Written") for shows, page in parsed_pages().items()}
