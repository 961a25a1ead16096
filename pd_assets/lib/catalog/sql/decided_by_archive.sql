-- How many items of each archive are decided how, by profile. Table: decisions.
select
    profile, split_part(item_id, ':', 1) as archive,
    count(*) filter (verdict = 'accept') as accept,
    count(*) filter (verdict = 'quarantine') as quarantine,
    count(*) filter (verdict = 'reject') as reject
from decisions group by profile, archive order by profile, archive
