-- How many pictures are copies, by likeness (null: none, or the representative), and what keeps some in quarantine.
-- Table: clusters.
select
    why, count(*) as pictures, count(conflict) as conflicts,
    list(item_id || ', of which ' || conflict order by item_id) filter (where conflict is not null)[1:10] as examples
from clusters group by why order by pictures desc, why
