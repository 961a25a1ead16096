-- The evidence of every item: its latest stored page, with the item's own status. Tables: items, pages.
with latest as (
    select * from pages
    qualify row_number() over (partition by pageid order by fetched_at desc, status = 'live' desc, category) = 1
)
select
    items.item_id, items.status, items.problem, latest.revid, latest.sha1, latest.wikitext, latest.mediainfo,
    latest.extmetadata, latest.categories, latest.templates
from items join latest on items.item_id = 'commons:M' || latest.pageid
order by items.item_id
