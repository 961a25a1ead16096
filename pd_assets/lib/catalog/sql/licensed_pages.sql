-- The label sources of every licensed picture: its latest stored page, or its record. Tables: licensed, pages, records.
with latest as (
    select * from pages
    qualify row_number() over (partition by pageid order by fetched_at desc, status = 'live' desc, category) = 1
),
medium as (
    select * from records
    qualify row_number() over (partition by item_id order by fetched_at desc, status = 'live' desc) = 1
)
select
    licensed.item_id, latest.revid, latest.page_url, latest.wikitext, latest.mediainfo, latest.extmetadata,
    latest.categories, latest.hidden_categories,
    null as title, null as freetext, null as indexed, null as caption, null as alt_text, null as metadata_usage_access
from licensed join latest on licensed.item_id = 'commons:M' || latest.pageid
union all
select
    licensed.item_id, null, medium.page_url, null, null, null, null, null,
    medium.title, medium.freetext, medium.indexed, medium.caption, medium.alt_text, medium.metadata_usage_access
from licensed join medium on medium.item_id = licensed.item_id
order by item_id
