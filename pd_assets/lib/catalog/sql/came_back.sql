-- What is here by the bytes of what was taken down, under items that the takedown does not name; and what is known now of
-- an item that was taken down before anything was (`item`). Tables: banned (key, item_id, sha256, sha1), items, files,
-- clusters.
with here as (
    select item_id, sha256, sha1 from files where status = 'ok'
    union
    select item_id, sha256, sha1 from clusters
    union
    select item_id, null, sha1 from items where sha1 is not null and item_id not in (select item_id from files where status = 'ok')
),
named as (
    select distinct key, item_id from banned where item_id is not null
),
bytes as (
    select distinct key, 'sha256' as matched_by, sha256 as digest from banned where sha256 is not null
    union
    select distinct key, 'sha1', sha1 from banned where sha1 is not null
),
unknown as (
    select key, item_id from named
    where not exists (
        select 1 from banned
        where banned.key = named.key and banned.item_id = named.item_id and coalesce(banned.sha256, banned.sha1) is not null
    )
),
found as (
    select bytes.key, here.item_id, here.sha256, here.sha1, bytes.matched_by
    from bytes join here on here.sha256 = bytes.digest where bytes.matched_by = 'sha256'
    union all
    select bytes.key, here.item_id, here.sha256, here.sha1, bytes.matched_by
    from bytes join here on here.sha1 = bytes.digest where bytes.matched_by = 'sha1'
)
select key, item_id, sha256, max(sha1) as sha1, max(matched_by) as matched_by from found
where not exists (select 1 from named where named.key = found.key and named.item_id = found.item_id)
group by key, item_id, sha256
union all
select unknown.key, here.item_id, here.sha256, here.sha1, 'item' from unknown join here using (item_id)
order by key, item_id, sha256 nulls last
