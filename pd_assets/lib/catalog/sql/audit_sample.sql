-- Items drawn at random, half of them accepted, in an order that tells nothing; with how many there are of each.
-- Where one half is short, the other fills up. Tables: decisions, items, files. Parameters: profile, seed, half, count.
with decided as (
    select
        decisions.*, verdict = 'accept' as is_accepted, md5($seed || '|' || item_id) as lot,
        count(*) over (partition by verdict, rule_id) as of_rule
    from decisions where profile = $profile
),
ranked as (select *, row_number() over (partition by is_accepted order by lot, item_id) as place from decided),
drawn as (
    select * from ranked order by place > $half, lot limit $count
)
select
    drawn.item_id, drawn.verdict, drawn.rule_id, drawn.reasons, drawn.evidence, drawn.of_rule,
    items.title, items.page_url, items.thumb_url,
    case when files.status = 'ok' then files.path end as path,
    (select count(*) from decided where is_accepted) as accepted,
    (select count(*) from decided where not is_accepted) as others
from drawn
left join items on items.item_id = drawn.item_id
left join files on files.item_id = drawn.item_id
order by md5(drawn.lot), drawn.item_id
