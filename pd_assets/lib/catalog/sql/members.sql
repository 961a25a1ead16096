-- Every picture that was ever fetched, of items that are still in the catalogue, and which of them are surely copies.
-- A failed row that has a picture is a placeholder's: nobody's picture, and no copy of another.
-- Tables: items, files, previous (catalog/clusters as it was).
create table members as
with fetched as (
    select item_id, sha256, sha1, phash, detail_hash, cast(width as bigint) * height as pixels from files where status = 'ok'
),
seen as (
    select * from fetched
    union all
    select item_id, sha256, sha1, phash, detail_hash, 0 from previous
    where item_id not in (select item_id from fetched) and item_id in (select item_id from items)
      and coalesce(sha256, '') not in (select sha256 from files where status = 'failed' and sha256 is not null)
)
select
    row_number() over (order by item_id) as n, *,
    try_cast('0x' || phash as ubigint) as p,
    try_cast('0x' || substr(detail_hash, 1, 16) as ubigint) as d0,
    try_cast('0x' || substr(detail_hash, 17, 16) as ubigint) as d1,
    try_cast('0x' || substr(detail_hash, 33, 16) as ubigint) as d2,
    try_cast('0x' || substr(detail_hash, 49, 16) as ubigint) as d3
from seen;

-- A picture whose greys hardly rise anywhere looks like every other of that kind: such are compared by their bytes alone.
create table looks as
select min(n) as n, p, d0, d1, d2, d3 from members
where cast(bit_count(d0) as integer) + cast(bit_count(d1) as integer) + cast(bit_count(d2) as integer) + cast(bit_count(d3) as integer) >= 8 and p is not null
group by p, d0, d1, d2, d3;

create table same_bytes as
select distinct least(n, first) as a, greatest(n, first) as b from (
    select n, min(n) over (partition by sha256) as first from members where sha256 is not null
    union all
    select n, min(n) over (partition by sha1) from members where sha1 is not null
) where n <> first;

create table pairs as
select looks.n as a, members.n as b
from members join looks using (p, d0, d1, d2, d3) where members.n <> looks.n;
