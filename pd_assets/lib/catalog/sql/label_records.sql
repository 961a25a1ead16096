-- The records to be labelled, as label_pages.sql has the pages. Of two that tell the same one is read.
-- Tables: unread (of label_sources.sql), records (of record_digests.sql), before.
select
    unread.item_id, unread.bucket, unread.page_digest, cast(null as bigint) as revid, records.page_url,
    cast(null as varchar) as wikitext, cast(null as varchar) as mediainfo, cast(null as varchar) as extmetadata,
    cast(null as varchar[]) as categories, cast(null as varchar[]) as hidden_categories,
    records.title, records.freetext, records.indexed, records.caption, records.alt_text, records.metadata_usage_access,
    cast(null as varchar) as imported,
    before.source_digest as source_digest_before, before.labels as labels_before
from records
join unread on unread.item_id = records.item_id and unread.page_digest = records.digest and unread.pageid is null
left join before on before.item_id = unread.item_id
qualify row_number() over (partition by records.item_id) = 1
