-- How many items carry each licence tag of a kind, by verdict; words in the prose are none. Table: decisions. Parameters: profile, kind (`%`: any).
with tags as (
    select
        item_id, verdict,
        unnest(from_json(json_extract(evidence, '$.tags'), '[{"name": "VARCHAR", "kind": "VARCHAR", "seen_in": "VARCHAR"}]'))
            as tag
    from decisions where profile = $profile
)
select tag.name as tag, tag.kind as kind, verdict, count(distinct item_id) as items
from tags where tag.kind like $kind and tag.seen_in is distinct from 'prose'
group by all order by items desc, tag, kind, verdict
