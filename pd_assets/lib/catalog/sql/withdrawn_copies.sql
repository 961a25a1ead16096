-- The items of which a copy was taken down or is refused, with why. Tables: clusters, takedowns. A join on each of three,
-- as one on any of them would compare every row with every other.
with told as (
    select item_id, sha256, sha1,
        concat_ws(', ', number, strftime(make_timestamp(epoch_us(taken_down_at)), '%-d %B %Y')) as reason
    from takedowns
    where undone_at is null
),
found as (
    select clusters.cluster, told.reason from clusters join told on told.item_id = clusters.item_id
    union all
    select clusters.cluster, told.reason from clusters join told on told.sha256 = clusters.sha256
    union all
    select clusters.cluster, told.reason from clusters join told on told.sha1 = clusters.sha1
),
banned as (select cluster, max(reason) as reason from found group by cluster)
select clusters.item_id, clusters.conflict, banned.reason as taken_down
from clusters left join banned on banned.cluster = clusters.cluster
where clusters.conflict is not null or banned.reason is not null
