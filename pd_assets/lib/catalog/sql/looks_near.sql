-- Pictures whose hashes are near those of one that was taken down: candidates, which a second look decides on.
-- A picture whose greys hardly rise anywhere looks like every other of that kind: such are told by their bytes alone.
-- Tables: kept (key, sha256, phash, detail_hash), named (key, item_id), files. Parameter: near.
with gone as (
    select
        *, try_cast('0x' || phash as ubigint) as p,
        try_cast('0x' || substr(detail_hash, 1, 16) as ubigint) as d0,
        try_cast('0x' || substr(detail_hash, 17, 16) as ubigint) as d1,
        try_cast('0x' || substr(detail_hash, 33, 16) as ubigint) as d2,
        try_cast('0x' || substr(detail_hash, 49, 16) as ubigint) as d3
    from kept
),
here as (
    select
        item_id, sha256, sha1, path, phash, detail_hash,
        try_cast('0x' || phash as ubigint) as p,
        try_cast('0x' || substr(detail_hash, 1, 16) as ubigint) as d0,
        try_cast('0x' || substr(detail_hash, 17, 16) as ubigint) as d1,
        try_cast('0x' || substr(detail_hash, 33, 16) as ubigint) as d2,
        try_cast('0x' || substr(detail_hash, 49, 16) as ubigint) as d3
    from files where status = 'ok' and phash is not null and detail_hash is not null
)
select
    gone.key, gone.sha256 as gone_sha256,
    here.item_id, here.sha256, here.sha1, here.path, here.phash, here.detail_hash,
    cast(bit_count(xor(gone.p, here.p)) as integer) as bits,
    cast(bit_count(xor(gone.d0, here.d0)) as integer) + cast(bit_count(xor(gone.d1, here.d1)) as integer)
        + cast(bit_count(xor(gone.d2, here.d2)) as integer) + cast(bit_count(xor(gone.d3, here.d3)) as integer)
        as detail_bits
from here join gone on bit_count(xor(gone.p, here.p)) <= $near // 4
where 2 * bits + detail_bits <= $near and gone.sha256 <> here.sha256
  and cast(bit_count(gone.d0) as integer) + cast(bit_count(gone.d1) as integer)
    + cast(bit_count(gone.d2) as integer) + cast(bit_count(gone.d3) as integer) >= 8
  and not exists (select 1 from named where named.key = gone.key and named.item_id = here.item_id)
order by gone.key, here.item_id, bits
