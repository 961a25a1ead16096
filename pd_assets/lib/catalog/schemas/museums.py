"""What the museums told of their records. All have the same columns; what one has nothing of is null."""

from dataclasses import replace

from pd_assets.lib.catalog.schemas.table import INSTANT, TEXT, TEXTS, WHOLE, Kept, Table

RECORDS = Table(
    key="smithsonian/records",
    kept=Kept.ASKED_ANEW_BY_UNIT,
    sort_by=("item_id", "status"),
    volatile=("fetched_at",),
    columns={
        "item_id": (
            TEXT,
            "`smithsonian:<record_ID>:<media id>`, both percent-encoded; ends in `:` where a record has no medium, "
            "and is `smithsonian::<digest of the line>` where nobody can tell which record a line holds",
        ),
        "record_id": (TEXT, "the record's permanent `record_ID`, null where it could not be read"),
        "media_id": (TEXT, "the medium's id as the record gives it (`idsId`, else `guid`, `id` or its address)"),
        "unit_code": (TEXT, "the unit code that the record gives"),
        "shard": (TEXT, "the shard that holds the record: first two digits of its hash"),
        "status": (TEXT, "`live`, or `deleted` once the shard no longer holds the record"),
        "problem": (TEXT, "why this is no usable medium (docs/smithsonian.md lists the reasons), null where it is one"),
        "title": (TEXT, "title of the object, plain text"),
        "page_url": (TEXT, "the museum's page about the object, else its permanent address"),
        "file_url": (TEXT, "address of the whole picture, a JPEG where there is one"),
        "thumb_url": (TEXT, "address of the picture bounded by `thumb_side`, or of the smallest one that covers it"),
        "thumb_side": (WHOLE, "the longest side that was asked for, pixels"),
        "mime": (TEXT, "media type of `file_url`, null where the record does not say"),
        "width": (WHOLE, "width of the whole picture, pixels, null where the record does not say"),
        "height": (WHOLE, "height of the whole picture, pixels, null where the record does not say"),
        "record_type": (TEXT, "`edanmdm`; finding aids have another type"),
        "media_type": (TEXT, "the medium's `type`, verbatim"),
        "usage_access": (TEXT, "the medium's `usage.access`, verbatim; null where the record does not say"),
        "usage_codes": (TEXTS, "the medium's `usage.codes`"),
        "usage_text": (TEXT, "the medium's `usage.text`"),
        "metadata_usage_access": (TEXT, "the record's `metadata_usage.access`, verbatim"),
        "object_rights": (TEXTS, "the record's statements of rights (`freetext.objectRights`)"),
        "media_rights": (TEXTS, "the record's statements of its media's rights (`online_media_rights`)"),
        "data_source": (TEXT, "the museum"),
        "terms": (TEXTS, "`label: content` of topics, object types, names, places, cultures and sets"),
        "names": (TEXTS, "`label: content` of the persons and bodies, whose label is their role"),
        "dates": (TEXTS, "the dates as the record has them (`freetext.date`)"),
        "indexed_dates": (TEXTS, "the decades and centuries that the archive made of the dates"),
        "freetext": (TEXT, "`freetext` as JSON, verbatim"),
        "indexed": (TEXT, "`indexedStructured` as JSON, verbatim"),
        "media": (TEXT, "the medium as JSON, verbatim"),
        "caption": (TEXT, "the medium's caption"),
        "alt_text": (TEXT, "the medium's text for people who do not see it"),
        "updated_at": (INSTANT, "when the archive last changed the record, null where it does not say legibly"),
        "media_signature": (TEXT, "BLAKE2b-128 of the medium: whether its picture is to be fetched again"),
        "signature": (TEXT, "BLAKE2b-128 of the record's line"),
        "fetched_at": (INSTANT, "when this version of the record was first read"),
    },
)

CLEVELAND_RECORDS = replace(RECORDS, key="cleveland/records", kept=Kept.ASKED_ANEW_OF_CLEVELAND)
