-- All that is known of the pictures of some items, and all copies of them, those that are gone too.
-- Tables: items, files, clusters, members, takedowns. Parameter: named (items).
with named as (
    select unnest($named::varchar[]) as item_id
),
seen as (
    select item_id, sha256, sha1 from files where sha256 is not null
    union
    select item_id, sha256, sha1 from clusters
    union
    select item_id, sha256, sha1 from takedowns where item_id is not null
    union
    select item_id, sha256, null from members
),
known as (
    select item_id, sha256, sha1 from seen
    union
    select item_id, null, sha1 from items
    where not exists (
        select 1 from seen where seen.item_id = items.item_id and (seen.sha1 = items.sha1 or items.sha1 is null)
    )
),
cluster_of as (
    select cluster from clusters where item_id in (select item_id from named)
),
bytes_of as (
    select sha256, sha1 from known where item_id in (select item_id from named)
),
copies as (
    select item_id from named
    union
    select item_id from clusters where cluster in (select cluster from cluster_of)
    union
    select item_id from known
    where sha256 in (select sha256 from bytes_of where sha256 is not null)
       or sha1 in (select sha1 from bytes_of where sha1 is not null)
)
select
    known.item_id, known.sha256, max(known.sha1) as sha1, known.item_id in (select item_id from named) as is_meant
from known where known.item_id in (select item_id from copies)
group by known.item_id, known.sha256
order by is_meant desc, known.item_id, known.sha256 nulls last
