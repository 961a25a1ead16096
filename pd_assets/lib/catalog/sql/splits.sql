-- The split of every licensed picture, bucket by bucket. Tables: now_in (bucket, item_id, cluster), sides (of
-- split_sides.sql), first_seen (cluster, split). The clusters that are first seen are so since the build after the last.
select
    bucket, item_id, cluster, coalesce(sides.split, first_seen.split) as split,
    cast(coalesce(sides.since, (select 1 + coalesce(max(since), -1) from sides)) as integer) as since
from now_in left join sides using (cluster) left join first_seen using (cluster)
order by bucket, item_id
