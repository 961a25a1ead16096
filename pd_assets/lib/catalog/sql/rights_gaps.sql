-- The tags that no table knows on pages which only wait for them, with how many such pages there are under each profile,
-- and one of them. Words of the prose are no templates. Tables: decisions, items.
with waiting as (
    select
        item_id, profile,
        unnest(from_json(json_extract(evidence, '$.tags'), '[{"name": "VARCHAR", "kind": "VARCHAR", "seen_in": "VARCHAR"}]'))
            as tag
    from decisions where reasons = ['unknown_tag']
),
unknown as (
    select distinct item_id, profile, tag.name as name
    from waiting where tag.kind = 'unknown' and tag.seen_in is distinct from 'prose'
),
example as (
    select name, min(item_id) as item_id from unknown group by name
)
select unknown.name, unknown.profile, count(*) as pages, any_value(items.title) as title, any_value(items.page_url) as page_url
from unknown
join example on example.name = unknown.name
left join items on items.item_id = example.item_id
group by unknown.name, unknown.profile
order by unknown.name, unknown.profile
