-- As pictures_called.sql for many ids and digests at once, each under its `name`: what is known of their pictures, and all
-- copies of them, those that are gone too. Tables: items, files, clusters, members, takedowns.
-- Parameters: names, and beside each of them items, sha256s and sha1s, of which one is not null.
with asked as (
    select
        unnest($names::varchar[]) as name, unnest($items::varchar[]) as item_id,
        unnest($sha256s::varchar[]) as sha256, unnest($sha1s::varchar[]) as sha1
),
seen as (
    select item_id, sha256, sha1 from files where sha256 is not null
    union
    select item_id, sha256, sha1 from clusters
    union
    select item_id, sha256, sha1 from takedowns where item_id is not null
    union
    select item_id, sha256, null from members
),
known as (
    select item_id, sha256, sha1 from seen
    union
    select item_id, null, sha1 from items
    where not exists (
        select 1 from seen where seen.item_id = items.item_id and (seen.sha1 = items.sha1 or items.sha1 is null)
    )
),
meant as (
    select name, known.item_id from asked join known on known.item_id = asked.item_id
    union
    select name, known.item_id from asked join known on known.sha256 = asked.sha256
    union
    select name, known.item_id from asked join known on known.sha1 = asked.sha1
    union
    select name, members.item_id from asked join members on members.exported_sha256 = asked.sha256
),
bytes_of as (
    select distinct name, sha256, sha1 from meant join known using (item_id)
),
copies as (
    select name, item_id from meant
    union
    select name, other.item_id
    from meant join clusters as own using (item_id) join clusters as other on other.cluster = own.cluster
    union
    select name, known.item_id from bytes_of join known on known.sha256 = bytes_of.sha256
    union
    select name, known.item_id from bytes_of join known on known.sha1 = bytes_of.sha1
)
select
    copies.name, known.item_id, known.sha256, max(known.sha1) as sha1,
    (copies.name, known.item_id) in (select (name, item_id) from meant) as is_meant
from copies join known using (item_id)
group by copies.name, known.item_id, known.sha256
order by copies.name, is_meant desc, known.item_id, known.sha256 nulls last
