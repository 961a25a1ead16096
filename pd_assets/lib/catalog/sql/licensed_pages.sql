-- The label sources of every licensed picture: its latest stored page. Tables: licensed, items, pages.
with latest as (
    select * from pages
    qualify row_number() over (partition by pageid order by fetched_at desc, status = 'live' desc, category) = 1
)
select licensed.item_id, latest.wikitext, latest.mediainfo
from licensed join latest on licensed.item_id = 'commons:M' || latest.pageid
order by licensed.item_id
