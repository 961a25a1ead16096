-- catalog/clusters: the pictures in clusters, and all others alone, under a name that none of those kept from earlier
-- members. Tables: members, grouped, previous.
select item_id, cluster, is_representative, why, distance, place, conflict, sha256, sha1, phash, detail_hash from grouped
union all
select
    members.item_id,
    coalesce(
        previous.cluster,
        members.item_id || case when members.item_id in (select cluster from grouped) then '+' else '' end
    ),
    true, null, 0, 0, null,
    members.sha256, members.sha1, members.phash, members.detail_hash
from members left join previous on previous.item_id = members.item_id
where members.n not in (select n from grouped)
order by item_id
