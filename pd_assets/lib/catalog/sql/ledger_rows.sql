-- What is told of some pictures. Tables: asked (item_id, sha256: a picture in the store, or null for any state of it),
-- ledgers (of models), measured (of evaluations), members (of datasets). A null among `states` is any state.
with told as (
    select 'ledger' as origin, stage, version, item_id, stored_sha256, relation, times_shown from ledgers
    where item_id in (select item_id from asked)
    union all
    select 'measured', stage, version, item_id, stored_sha256, relation, 0 from measured
    where item_id in (select item_id from asked) and relation = 'measured_with'
    union all
    select 'members', null, version, item_id, sha256, null, 0 from members
    where item_id in (select item_id from asked)
)
select
    origin, stage, version, item_id, max(relation) as relation, sum(times_shown)::bigint as times_shown,
    list(distinct coalesce(stored_sha256, '')) as states
from told
where exists (
    select 1 from asked
    where asked.item_id = told.item_id
    and (asked.sha256 is null or told.stored_sha256 is null or asked.sha256 = told.stored_sha256)
)
group by origin, stage, version, item_id
