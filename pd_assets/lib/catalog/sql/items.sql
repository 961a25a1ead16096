-- One row per file, however many categories list it. Tables: rows (of item_rows.sql), wanted (key, bucket), standing (the
-- items of the same parts that nothing happened to, with their bucket).
-- What was read last says whether the file exists; it is live while a partition of the walk lists it.
with listed as (
    select rows.* exclude (bucket), wanted.bucket from rows join wanted using (key)
),
latest as (
    select * from listed
    qualify row_number() over (
        partition by item_id
        order by source <> 'commons' and status = 'live' desc, fetched_at desc, status = 'live' desc, partition
    ) = 1
),
membership as (
    select
        item_id,
        coalesce(
            list_sort(list(distinct partition) filter (where status in ('live', 'moved') and in_walk)), []
        ) as partitions
    from listed group by item_id
)
select
    latest.item_id, source, title, page_url, file_url, thumb_url, thumb_side, sha1, mime, width, height, size_bytes,
    revid, fetched_at, categories, membership.partitions, problem,
    case
        when latest.status = 'deleted' then 'deleted'
        when len(membership.partitions) = 0 then 'left'
        when latest.status = 'moved' then 'moved'
        else 'live'
    end as status,
    colour_card,
    bucket
from latest join membership on membership.item_id = latest.item_id
union all by name
select * from standing
order by bucket, item_id
