-- The pages to be labelled, in no order, with what the row before has of them.
-- Tables: unread (of label_sources.sql), pages, before, imported (title, labels, digest).
select
    unread.item_id, unread.bucket, unread.page_digest, pages.revid, pages.page_url,
    pages.wikitext, pages.mediainfo, pages.extmetadata, pages.categories, pages.hidden_categories,
    cast(null as varchar) as title, cast(null as varchar) as freetext, cast(null as varchar) as indexed,
    cast(null as varchar) as caption, cast(null as varchar) as alt_text, cast(null as varchar) as metadata_usage_access,
    imported.labels as imported,
    before.source_digest as source_digest_before, before.labels as labels_before
from pages
join unread on unread.pageid = pages.pageid and unread.category = pages.category
left join before on before.item_id = unread.item_id
left join imported on imported.title = pages.title
