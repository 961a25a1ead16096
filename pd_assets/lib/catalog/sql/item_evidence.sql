-- What was read about every item of Commons: its latest stored page, with the item's own status. In no order.
-- The page is chosen by its narrow columns first, so that the texts only pass through. Tables: items, pages.
with latest as (
    select pageid, category from pages
    qualify row_number() over (partition by pageid order by fetched_at desc, status = 'live' desc, category) = 1
)
select
    items.item_id, items.source, items.status, items.problem, pages.title, pages.revid,
    pages.sha1, pages.wikitext, pages.mediainfo, pages.extmetadata, pages.categories, pages.templates, pages.uploaded_at,
    md5(pages.digest || '|' || items.status || '|' || coalesce(items.problem, '')) as page_digest
from pages
join latest on pages.pageid = latest.pageid and pages.category = latest.category
join items on items.item_id = 'commons:M' || pages.pageid
