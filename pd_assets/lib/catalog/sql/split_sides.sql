-- The side of every cluster of which a member was in a split before, be it licensed no more: that of the member which was
-- first; of two since the same build, of the smaller item. Tables: now_in (item_id, cluster), clusters, before.
select coalesce(now_in.cluster, clusters.cluster) as cluster, coalesce(before.since, 0) as since, before.split
from before left join now_in using (item_id) left join clusters using (item_id)
where coalesce(now_in.cluster, clusters.cluster) is not null
qualify row_number() over (
    partition by coalesce(now_in.cluster, clusters.cluster) order by coalesce(before.since, 0), before.item_id, before.split
) = 1
