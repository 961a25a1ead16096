-- The pictures that may be used, those first that were fetched last: of the last few thousand. Tables: licensed, files. Parameter: most.
with fetched as (
    select item_id, fetched_at from files where status = 'ok'
    order by fetched_at desc nulls last, item_id limit 50 * $most
)
select item_id, sha256, licensed.title as title, licensed.artist as artist, licensed.date as date
from licensed join fetched using (item_id)
order by fetched_at desc nulls last, item_id limit $most
