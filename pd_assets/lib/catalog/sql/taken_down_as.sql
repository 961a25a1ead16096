-- The takedowns that keep an item out: of itself, of its bytes, or of a copy in its cluster.
-- Tables: takedowns, items, files, clusters. Parameter: item.
with standing as (select * from takedowns where undone_at is null),
bytes as (
    select sha256, sha1 from files where item_id = $item
    union
    select null, sha1 from items where item_id = $item
),
around as (
    select other.item_id, other.sha256, other.sha1 from clusters as own join clusters as other using (cluster)
    where own.item_id = $item
),
found as (
    select *, 0 as place from standing where item_id = $item
    union all
    select * replace ('sha256' as matched_by), 1 from standing
    where sha256 in (select sha256 from bytes where sha256 is not null)
    union all
    select * replace ('sha1' as matched_by), 2 from standing
    where sha1 in (select sha1 from bytes where sha1 is not null)
    union all
    select * replace ('copy' as matched_by), 3 from standing
    where item_id in (select item_id from around) or sha256 in (select sha256 from around where sha256 is not null)
       or sha1 in (select sha1 from around where sha1 is not null)
)
select number, reason, strftime(taken_down_at, '%Y-%m-%d') as day, arg_min(matched_by, place) as matched_by
from found group by all order by day, number
