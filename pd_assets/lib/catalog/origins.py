"""Which columns of other tables each column of a table is made of: what the UI draws as column lineage, as data.

Table -> column -> (table, column) pairs. A column that the step itself makes (settings, times, counts) has none, and a
table that is read from an archive is not listed. A test holds this against the schemas and the arrows between assets.
"""

from collections.abc import Iterable, Mapping

from pd_assets.lib.catalog.schemas import (
    CAPTIONS,
    CHANGES,
    CLUSTERS,
    CREATORS,
    DECISIONS,
    EVIDENCE,
    FILES,
    ITEMS,
    LICENSED,
    PAGES,
    SPLITS,
    TEMPLATES,
    THINGS,
    Table,
)
from pd_assets.lib.catalog.schemas.images import MEASURES
from pd_assets.lib.museums.contract import ALL_RECORDS

Tables = Table | tuple[Table, ...]
SHARDS = "dataset/shards"
Origins = tuple[tuple[str, str], ...]


def _of(table: Tables, *columns: str) -> Origins:
    return tuple((one.key, column) for one in (table if isinstance(table, tuple) else (table,)) for column in columns)


def _same(table: Table, *columns: str) -> dict[str, Origins]:
    """Columns that are taken over under their own names."""
    return {column: _of(table, column) for column in columns}


def _all(origins: Origins, columns: Iterable[str]) -> dict[str, Origins]:
    return dict.fromkeys(columns, origins)


_SHARED = (
    *("title", "page_url", "file_url", "thumb_url", "thumb_side", "mime", "width", "height"),
    *("fetched_at", "problem"),
)
# What speaks for or against a picture.
_EVIDENCE = (
    *_of(TEMPLATES, "target", "kind"),
    *_of(PAGES, "revid", "wikitext", "mediainfo", "extmetadata", "categories", "templates", "uploaded_at"),
    *_of(ALL_RECORDS, "usage_access", "usage_codes", "usage_text", "metadata_usage_access", "object_rights"),
    *_of(
        ALL_RECORDS, "media_rights", "unit_code", "record_type", "media_type", "names", "dates", "freetext", "indexed"
    ),
    *_of(ITEMS, "status", "problem", "sha1"),
    *_of(CREATORS, *(name for name in CREATORS.columns if name not in CREATORS.volatile)),
)
_PICTURE = _of(ITEMS, "file_url", "thumb_url", "thumb_side")
_COPIES = (*_of(FILES, "sha256", "sha1", "phash", "detail_hash"), *_of(ITEMS, "item_id"))
_LABELS = (
    *_of(PAGES, "wikitext", "mediainfo", "extmetadata", "categories", "hidden_categories"),
    *_of(ALL_RECORDS, "title", "freetext", "indexed", "caption", "alt_text", "metadata_usage_access"),
    *_of(THINGS, "name"),
)

ORIGINS: Mapping[str, Mapping[str, Origins]] = {
    ITEMS.key: {
        "item_id": (*_of(PAGES, "pageid"), *_of(ALL_RECORDS, "item_id")),
        **{column: (*_of(PAGES, column), *_of(ALL_RECORDS, column)) for column in _SHARED},
        **_same(PAGES, "sha1", "size_bytes", "revid"),
        "source": (),
        "categories": (*_of(PAGES, "categories"), *_of(ALL_RECORDS, "terms")),
        "partitions": (*_of(PAGES, "category", "status"), *_of(ALL_RECORDS, "unit_code")),
        "status": (*_of(PAGES, "status", "category"), *_of(ALL_RECORDS, "status")),
        "colour_card": (*_of(PAGES, "title", "categories"), *_of(ALL_RECORDS, "title", "terms", "caption", "alt_text")),
    },
    CREATORS.key: {
        "asked": _of(PAGES, "wikitext", "mediainfo"),
        **_all((), (name for name in CREATORS.columns if name != "asked")),
    },
    TEMPLATES.key: {
        "name": _of(PAGES, "templates", "wikitext"),
        **_all((), ("target", "kind", "categories", "asked_at")),
    },
    DECISIONS.key: {
        "item_id": _of(ITEMS, "item_id"),
        **_all(
            _EVIDENCE,
            ("verdict", "rule_id", "reasons", "witness", "evidence", "evidence_digest", "looked_up", "valid_until"),
        ),
        "page_digest": (
            *_of(PAGES, "digest"),
            *_of(ALL_RECORDS, "signature", "media_signature"),
            *_of(ITEMS, "status", "problem"),
        ),
        **_all((), ("profile", "ruleset_version", "decided_at", "extractor_version", "fresh_days")),
        "since": (),
        "grounds": _EVIDENCE,
    },
    EVIDENCE.key: {
        **_same(DECISIONS, "item_id", "page_digest", "evidence"),
        "digest": _of(DECISIONS, "evidence_digest"),
        "seen_on": (),
        "revid": _of(DECISIONS, "evidence"),
        "page_url": _of(ITEMS, "page_url"),
    },
    CHANGES.key: {
        **_same(DECISIONS, "item_id", "profile"),
        **_all(_of(DECISIONS, "verdict"), ("from_verdict", "to_verdict")),
        **_all(_of(DECISIONS, "rule_id"), ("from_rule", "to_rule")),
        **_all(_of(DECISIONS, "evidence"), ("from_revid", "to_revid")),
        **_all(_of(DECISIONS, "ruleset_version"), ("from_ruleset", "to_ruleset")),
        **_all(_of(DECISIONS, "evidence_digest"), ("from_evidence", "to_evidence")),
        "cause": _of(
            DECISIONS, "evidence", "page_digest", "looked_up", "ruleset_version", "extractor_version", "fresh_days"
        ),
        "from_since": _of(DECISIONS, "since"),
        "from_grounds": _of(DECISIONS, "grounds"),
        "changed_on": (),
        "changed_at": _of(DECISIONS, "decided_at"),
    },
    FILES.key: {
        **_same(ITEMS, "item_id", "sha1"),
        "signature": _of(ALL_RECORDS, "media_signature"),
        **_all(_PICTURE, ("sha256", "received_sha1", "path", "width", "height", "mime", "size_bytes", "url")),
        **_all(_PICTURE, ("phash", "detail_hash", *MEASURES)),
        **_all((), ("max_side", "made_from", "status", "error", "tries", "fetched_at")),
    },
    CLUSTERS.key: {
        **_same(FILES, "item_id", "sha256", "sha1", "phash", "detail_hash"),
        **_all(_COPIES, ("cluster", "why", "distance")),
        **_all((*_COPIES, *_of(DECISIONS, "verdict"), *_of(ITEMS, "width", "height")), ("is_representative", "place")),
        "conflict": (*_COPIES, *_of(DECISIONS, "verdict", "reasons")),
    },
    LICENSED.key: {
        **_same(ITEMS, "item_id", "title", "page_url", "categories", "colour_card"),
        **_same(FILES, "sha256", "width", "height", "phash", *MEASURES),
        **_same(DECISIONS, "rule_id", "profile"),
        **_all(_of(DECISIONS, "evidence"), ("artist", "date")),
        "cluster": _COPIES,
        "also_at": (*_COPIES, *_of(ITEMS, "page_url")),
    },
    THINGS.key: {
        "thing": (*_of(PAGES, "mediainfo"), *_of(LICENSED, "item_id")),
        **_all((), ("language", "name", "fetched_at")),
    },
    CAPTIONS.key: {
        **_same(LICENSED, "item_id"),
        **_all(_LABELS, ("labels", "captions", "caption_licences", "label_licence", "source_digest")),
        "attribution": (*_LABELS, *_of(PAGES, "page_url", "revid")),
        **_all((), ("policy", "labels_version")),
        "page_digest": (*_of(PAGES, "digest"), *_LABELS),
        "things": _of(PAGES, "mediainfo"),
        "made_of": _of(THINGS, "name"),
    },
    SPLITS.key: {
        **_same(LICENSED, "item_id"),
        **_all(_of(LICENSED, "cluster", "phash"), ("cluster", "split", "since")),
    },
    SHARDS: {
        "image": _of(FILES, "path", "sha256"),
        "sha256": _of(FILES, "sha256"),
        **_same(CAPTIONS, "captions", "label_licence"),
        "caption": _of(CAPTIONS, "captions"),
        **_same(LICENSED, "item_id", "rule_id", "page_url", "width", "height"),
    },
}
