-- What the gallery tells of each item, in the order of their ids. Tables: items, decisions, files, captions, clusters,
-- takedowns. Parameter: profile. Values of a facet are text, empty where nothing is known.
with told as (
    select item_id, sha256, sha1, coalesce(number || ': ', '') || coalesce(reason, '') as reason from takedowns
    where undone_at is null
),
banned as (
    select cluster, max(reason) as reason from (
        select clusters.cluster, told.reason from clusters join told on told.item_id = clusters.item_id
        union all
        select clusters.cluster, told.reason from clusters join told on told.sha256 = clusters.sha256
        union all
        select clusters.cluster, told.reason from clusters join told on told.sha1 = clusters.sha1
    ) group by cluster
),
withdrawn as (
    select item_id, max(reason) as reason from (
        select item_id, reason from told
        union all
        select files.item_id, told.reason from files join told on told.sha256 = files.sha256
        union all
        select items.item_id, told.reason from items join told on told.sha1 = items.sha1
        union all
        select clusters.item_id, banned.reason from clusters join banned on banned.cluster = clusters.cluster
    ) where item_id is not null group by item_id
),
decided as (
    select
        item_id, verdict, rule_id, reasons,
        json_extract_string(evidence, '$.artist') as artist,
        json_extract_string(evidence, '$.date_text') as date,
        try_cast(json_extract_string(evidence, '$.made[0]') as integer) as made
    from decisions where profile = $profile
),
labelled as (
    select
        item_id,
        list_filter(labels, lambda one: one.field = 'artist' and one.preferred)[1].value as artist,
        list_filter(labels, lambda one: one.field = 'date' and one.preferred)[1].value as date,
        lower(trim(list_filter(labels, lambda one: one.field = 'medium' and one.preferred)[1].value)) as medium,
        array_to_string(list_transform(labels, lambda one: one.value), ' ') as words
    from captions
),
-- The conditions of licensed_images.sql, in the words of left_out.py.
held_back as (
    select items.item_id, case
        when items.status is distinct from 'live' then 'its archive has it no more: ' || coalesce(items.status, '')
        when items.problem is not null then 'its page cannot be used as it is: ' || items.problem
        when items.sha1 is not null and files.item_id is not null and files.sha1 is distinct from items.sha1
            then 'its archive has a newer file of it, which is not here yet'
        when clusters.conflict is not null then 'a copy of it is refused: ' || clusters.conflict
    end as left_out
    from items
    join decided on decided.item_id = items.item_id and decided.verdict = 'accept'
    left join files on files.item_id = items.item_id and files.status = 'ok'
    left join clusters on clusters.item_id = items.item_id
),
joined as (
    select
        items.item_id, items.source, items.title, items.page_url, items.sha1, items.categories,
        coalesce(epoch(items.fetched_at), 0)::bigint as newest,
        coalesce(nullif(trim(decided.artist), ''), labelled.artist, '') as artist,
        coalesce(decided.date, labelled.date, '') as date,
        decided.made, labelled.medium, labelled.words, decided.rule_id, decided.reasons,
        case
            when withdrawn.reason is not null then 'taken_down' when held_back.left_out is not null then 'quarantine'
            else coalesce(decided.verdict, 'undecided')
        end as verdict,
        withdrawn.reason as taken_down, held_back.left_out,
        files.sha256, files.path, files.mime, files.sharpness,
        coalesce(items.width, files.width) as width, coalesce(items.height, files.height) as height,
        coalesce(files.status = 'ok' and decided.verdict = 'accept' and withdrawn.reason is null
            and held_back.left_out is null, false) as has_picture,
        files.error
    from items
    left join decided on decided.item_id = items.item_id
    left join files on files.item_id = items.item_id
    left join labelled on labelled.item_id = items.item_id
    left join withdrawn on withdrawn.item_id = items.item_id
    left join held_back on held_back.item_id = items.item_id
),
dated as (
    select *, coalesce(made, try_cast(nullif(regexp_extract(date, '\b(1\d{3}|20\d{2})\b'), '') as integer)) as year,
        greatest(width, height) as side
    from joined
)
select
    item_id, title, page_url, sha1, sha256, path, mime, width, height, artist, date, has_picture, taken_down, left_out, error,
    newest, coalesce(width, 0)::bigint * coalesce(height, 0) as pixels,
    left(concat_ws(' ', title, artist, words), 8000) as words,
    verdict, coalesce(source, '') as archive, coalesce(rule_id, '') as rule, coalesce(medium, '') as medium,
    case when year is null or year < 1 then '' else lpad('' || (year + 99) // 100, 2, '0') end as century,
    case
        when side is null then '' when side < 512 then '0' when side < 1024 then '512' when side < 2048 then '1024'
        when side < 4096 then '2048' else '4096'
    end as size,
    case
        when sharpness is null then '' when sharpness < 50 then 'soft' when sharpness < 200 then 'fair'
        when sharpness < 1000 then 'sharp' else 'very-sharp'
    end as sharpness,
    coalesce(reasons, []) as reason, coalesce(categories, []) as category
from dated order by item_id
