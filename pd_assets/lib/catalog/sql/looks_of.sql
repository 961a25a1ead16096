-- The hashes of pictures in the store, and where they lie; of those that are gone what catalog/clusters remembers.
-- Tables: files, clusters. Parameter: wanted (SHA-256).
select distinct on (sha256) sha256, phash, detail_hash, path
from (
    select sha256, phash, detail_hash, path, 0 as place from files where status = 'ok'
    union all
    select sha256, phash, detail_hash, null, 1 from clusters
)
where phash is not null and sha256 in (select unnest($wanted::varchar[]))
order by sha256, place
