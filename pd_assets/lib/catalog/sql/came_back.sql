-- What is here by the bytes of what was taken down, under items that the takedown does not name; and what is known now of
-- an item that was taken down before anything was (`item`). Tables: banned (key, item_id, sha256, sha1), items, files,
-- clusters.
with here as (
    select item_id, sha256, sha1 from files where status = 'ok'
    union all
    select item_id, sha256, sha1 from clusters
    union all
    select item_id, null, sha1 from items where sha1 is not null
),
named as (
    select distinct key, item_id from banned where item_id is not null
),
unknown as (
    select key, item_id from banned
    where item_id is not null group by key, item_id having count(sha256) + count(sha1) = 0
),
found as (
    select banned.key, here.item_id, here.sha256, here.sha1, 'sha256' as matched_by
    from here join banned on banned.sha256 = here.sha256
    union all
    select banned.key, here.item_id, here.sha256, here.sha1, 'sha1'
    from here join banned on banned.sha1 = here.sha1
),
matched as (
    select * from found where not exists (
        select 1 from named where named.key = found.key and named.item_id = found.item_id
    )
    union all
    select unknown.key, here.item_id, here.sha256, here.sha1, 'item' from here join unknown using (item_id)
),
states as (
    select key, item_id, sha256, max(sha1) as sha1, max(matched_by) as matched_by from matched group by key, item_id, sha256
)
select * from states
-- The catalogue names no picture: its row says nothing that a fetched one of the item does not.
qualify sha256 is not null or count(sha256) over (partition by key, item_id) = 0
order by key, item_id, sha256 nulls last
