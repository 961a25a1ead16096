-- The pictures that a model, what it was made of and its evaluation saw and that are no longer free: the first of them,
-- and beside each how many there are. Tables: ledgers, withdrawn (item_id, sha256, reason). Parameter: most.
with seen as (
    select distinct item_id, coalesce(stored_sha256, sha256) as sha256, relation = 'trained_on' as is_learnt
    from ledgers where relation <> 'held'
)
select item_id, reason, bool_or(is_learnt) as is_learnt, count(*) over () as problems
from seen join withdrawn using (item_id, sha256)
group by item_id, reason
order by item_id, reason
limit $most
