-- Which page or record tells the labels of every licensed picture, its latest one, with a digest of it. No text of a page
-- is touched: its digest is stored beside it. What was imported with a title counts as well. Tables: licensed (item_id,
-- bucket), pages, records (of record_digests.sql), imported (title, labels, digest).
with latest as (
    select pageid, category, title, digest from pages
    where 'commons:M' || pageid in (select item_id from licensed)
    qualify row_number() over (partition by pageid order by fetched_at desc, status = 'live' desc, category) = 1
),
medium as (
    select item_id, digest from records where item_id in (select item_id from licensed)
    qualify row_number() over (
        partition by item_id order by fetched_at desc, status = 'live' desc, unit_code, shard, digest
    ) = 1
)
select
    licensed.bucket, licensed.item_id, latest.pageid, latest.category,
    coalesce(md5(latest.digest || '|' || imported.digest), latest.digest) as page_digest
from licensed join latest on licensed.item_id = 'commons:M' || latest.pageid
left join imported on imported.title = latest.title
union all
select licensed.bucket, licensed.item_id, null, null, medium.digest
from licensed join medium on medium.item_id = licensed.item_id
