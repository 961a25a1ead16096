-- How many accepted items, with a picture or wanted, each takedown keeps out: by itself, by bytes, or by their cluster.
-- Tables: takedowns, items, files, clusters, decisions. Parameter: profile.
with accepted as (
    select items.item_id, items.sha1, files.sha256, clusters.cluster
    from items
    join decisions on decisions.item_id = items.item_id and decisions.profile = $profile
    left join files on files.item_id = items.item_id and files.status = 'ok'
    left join clusters on clusters.item_id = items.item_id
    where decisions.verdict = 'accept' and items.status = 'live' and items.problem is null
),
banned as (
    select takedowns.number, clusters.cluster from clusters join takedowns on takedowns.item_id = clusters.item_id
    union
    select takedowns.number, clusters.cluster from clusters join takedowns on takedowns.sha256 = clusters.sha256
    union
    select takedowns.number, clusters.cluster from clusters join takedowns on takedowns.sha1 = clusters.sha1
),
found as (
    select takedowns.number, accepted.item_id from accepted join takedowns on takedowns.item_id = accepted.item_id
    union
    select takedowns.number, accepted.item_id from accepted join takedowns on takedowns.sha256 = accepted.sha256
    union
    select takedowns.number, accepted.item_id from accepted join takedowns on takedowns.sha1 = accepted.sha1
    union
    select banned.number, accepted.item_id from accepted join banned on banned.cluster = accepted.cluster
)
select number, count(*) as items from found group by number order by items desc, number
