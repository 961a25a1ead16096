-- The pictures that a model, what it was made of and its evaluation saw and that are no longer free: the first of them,
-- and beside each how many there are. A row that does not say which picture of the store it was is about any of the item.
-- Tables: ledgers, reasons (withdrawn_reasons.sql of gate_held.sql). Parameter: most.
with seen as (
    select distinct item_id, stored_sha256, relation = 'trained_on' as is_learnt
    from ledgers where relation is distinct from 'held'
),
found as (
    select seen.item_id, reasons.reason, seen.is_learnt
    from seen join reasons on reasons.item_id = seen.item_id and reasons.sha256 = seen.stored_sha256
    union all
    select seen.item_id, reasons.reason, seen.is_learnt
    from seen join reasons on reasons.item_id = seen.item_id
    where seen.stored_sha256 is null
)
select item_id, reason, coalesce(bool_or(is_learnt), true) as is_learnt, count(*) over () as problems
from found
group by item_id, reason
order by item_id, reason
limit $most
