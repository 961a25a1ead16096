-- What names an evidence that rights/evidence does not have: how many digests by table, and an item. What was decided
-- before the log began was never in it. Tables: evidence, decisions, changes, members. Parameters: begun (null: it has
-- every change; before it nothing is asked of changes), is_begun (false: there is no log yet, and no decision needs one).
with named as (
    select 'rights/decisions' as by_table, item_id, evidence_digest as digest from decisions where $is_begun
    union all
    select 'rights/changes', item_id, unnest([from_evidence, to_evidence]) from changes
    where $is_begun and ($begun::timestamptz is null or changed_at >= $begun::timestamptz)
    union all
    select 'dataset/members', item_id, evidence_digest from members
)
select by_table, count(distinct named.digest) as digests, min(named.item_id) as item_id
from named anti join evidence on evidence.digest = named.digest
where named.digest is not null
group by by_table order by by_table
