-- Licensed pictures of Commons whose page has no structured-data caption, and how many captions we made of the rest.
-- Tables: licensed, items, pages, files, captions. Parameter: category (null: every one).
with latest as (
    select pageid, mediainfo from pages
    qualify row_number() over (partition by pageid order by fetched_at desc, status = 'live' desc, category) = 1
)
select
    licensed.item_id, latest.pageid, licensed.title, licensed.page_url, files.path, items.partitions,
    coalesce(len(captions.captions), 0) as captions
from licensed
join items on items.item_id = licensed.item_id
join latest on licensed.item_id = 'commons:M' || latest.pageid
join files on files.item_id = licensed.item_id
left join captions on captions.item_id = licensed.item_id
where len(coalesce(json_keys(try_cast(latest.mediainfo as json), '$.labels'), [])) = 0
  and ($category is null or list_contains(licensed.categories, $category))
