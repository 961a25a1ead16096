-- The pictures that may be used, those first that were fetched last. Tables: licensed, files. Parameter: most.
select item_id, sha256, licensed.title as title, licensed.artist as artist, licensed.date as date
from licensed left join (select item_id, max(fetched_at) as fetched_at from files where status = 'ok' group by item_id)
    using (item_id)
order by fetched_at desc nulls last, item_id limit $most
