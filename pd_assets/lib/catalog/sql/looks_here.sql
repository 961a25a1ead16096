-- How every fetched picture looks: both hashes, also as 64-bit words. Tables: files.
select
    item_id, sha256, sha1, path, phash, detail_hash,
    try_cast('0x' || phash as ubigint) as p,
    try_cast('0x' || substr(detail_hash, 1, 16) as ubigint) as d0,
    try_cast('0x' || substr(detail_hash, 17, 16) as ubigint) as d1,
    try_cast('0x' || substr(detail_hash, 33, 16) as ubigint) as d2,
    try_cast('0x' || substr(detail_hash, 49, 16) as ubigint) as d3
from files
where status = 'ok' and p is not null and d0 is not null and d1 is not null and d2 is not null and d3 is not null
