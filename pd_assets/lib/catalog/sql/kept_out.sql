-- How many accepted items, with a picture or wanted, each takedown keeps out: by itself, by bytes, or by their cluster.
-- Tables: takedowns, items, files, clusters, decisions. Parameter: profile.
with standing as (select * from takedowns where undone_at is null),
accepted as (
    select items.item_id, items.sha1, files.sha256, clusters.cluster
    from items
    join decisions on decisions.item_id = items.item_id and decisions.profile = $profile
    left join files on files.item_id = items.item_id and files.status = 'ok'
    left join clusters on clusters.item_id = items.item_id
    where decisions.verdict = 'accept' and items.status = 'live' and items.problem is null
),
banned as (
    select standing.number, clusters.cluster from clusters join standing on standing.item_id = clusters.item_id
    union
    select standing.number, clusters.cluster from clusters join standing on standing.sha256 = clusters.sha256
    union
    select standing.number, clusters.cluster from clusters join standing on standing.sha1 = clusters.sha1
),
found as (
    select standing.number, accepted.item_id from accepted join standing on standing.item_id = accepted.item_id
    union
    select standing.number, accepted.item_id from accepted join standing on standing.sha256 = accepted.sha256
    union
    select standing.number, accepted.item_id from accepted join standing on standing.sha1 = accepted.sha1
    union
    select banned.number, accepted.item_id from accepted join banned on banned.cluster = accepted.cluster
)
select number, count(*) as items from found group by number order by items desc, number
