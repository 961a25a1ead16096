-- Accepted, decoded, live, not taken down, on evidence that is not stale, and one of each cluster of copies.
-- Tables: items, decisions, files, clusters, takedowns. Parameters: profile, stale (items).
with standing as (select * from takedowns where undone_at is null),
taken_down as (
    select clusters.cluster from clusters join standing
    on standing.item_id = clusters.item_id or standing.sha256 = clusters.sha256 or standing.sha1 = clusters.sha1
),
free as (
    select
        items.item_id, files.sha256, items.title, items.page_url, decisions.rule_id, decisions.profile,
        files.width, files.height, files.phash, items.categories, items.colour_card,
        files.aspect, files.sharpness, files.greyness, files.border, files.text_page, files.entropy,
        json_extract_string(decisions.evidence, '$.artist') as artist,
        json_extract_string(decisions.evidence, '$.date_text') as date,
        coalesce(clusters.cluster, items.item_id) as cluster, clusters.place
    from items
    join decisions on decisions.item_id = items.item_id and decisions.profile = $profile
    join files on files.item_id = items.item_id
    left join clusters on clusters.item_id = items.item_id
    where decisions.verdict = 'accept'
      and items.status = 'live'
      and items.problem is null
      and files.status = 'ok'
      and (items.sha1 is null or files.sha1 = items.sha1)
      and clusters.conflict is null
      and items.item_id not in (select unnest($stale::varchar[]))
      and items.item_id not in (select item_id from standing where item_id is not null)
      and files.sha256 not in (select sha256 from standing where sha256 is not null)
      and coalesce(clusters.cluster, items.item_id) not in (select cluster from taken_down)
),
shown as (
    select clusters.cluster, items.item_id, items.page_url
    from clusters join items on items.item_id = clusters.item_id
    where items.status = 'live' and items.page_url is not null
      and clusters.cluster in (select cluster from clusters where place > 0)
),
copies as (
    select free.item_id, list_sort(list(distinct shown.page_url)) as also_at
    from free join shown on shown.cluster = free.cluster and shown.item_id <> free.item_id
    where shown.page_url <> free.page_url
    group by free.item_id
)
select
    item_id, sha256, title, artist, date, page_url, rule_id, profile, width, height, phash, categories, cluster,
    coalesce(copies.also_at, []) as also_at, colour_card,
    aspect, sharpness, greyness, border, text_page, entropy
from free left join copies using (item_id)
qualify row_number() over (partition by cluster order by place, item_id) = 1
order by item_id
