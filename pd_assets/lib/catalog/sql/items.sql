-- One row per file page, however many categories list it. Tables: pages, categories.
-- What was read last says whether the page exists; it is live while a category of the walk lists it.
with listed as (
    select pages.*, coalesce(categories.status, 'live') = 'live' as in_walk
    from pages left join categories on categories.category = pages.category
),
latest as (
    select * from listed
    qualify row_number() over (partition by pageid order by fetched_at desc, status = 'live' desc, category) = 1
),
membership as (
    select
        pageid,
        coalesce(list_sort(list(category) filter (where status in ('live', 'moved') and in_walk)), []) as partitions
    from listed group by pageid
)
select
    'commons:M' || latest.pageid as item_id,
    'commons' as source,
    regexp_replace(regexp_replace(latest.title, '^[^:]+:', ''), '\.[A-Za-z0-9]{2,5}$', '') as title,
    page_url, file_url, thumb_url, thumb_side, sha1, mime, width, height, size_bytes, revid, fetched_at,
    latest.categories,
    membership.partitions,
    problem,
    case
        when latest.status = 'deleted' then 'deleted'
        when len(membership.partitions) = 0 then 'left'
        when latest.status = 'moved' then 'moved'
        else 'live'
    end as status
from latest join membership using (pageid)
order by item_id
