-- The ledger of one model with what its evaluations measured it with, the first relation that holds of each picture.
-- Tables: own (release/ledger), measured (ledgers of evaluations). Parameters: stage, version.
with looked_at as (
    select * from measured
    where stage = $stage and version = $version and relation = 'measured_with'
    qualify row_number() over (partition by item_id, sha256 order by revid desc nulls last) = 1
)
select own.* replace (if(own.relation = 'held' and looked_at.item_id is not null, 'measured_with', own.relation) as relation)
from own left join looked_at using (item_id, sha256)
union all by name
select * from looked_at anti join own using (item_id, sha256)
