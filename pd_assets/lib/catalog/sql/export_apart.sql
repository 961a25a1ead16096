-- A cluster of copies that lies in more than one split, and two of these: dataset/splits was made of other pictures than
-- these, or of some of its buckets alone. Tables: examples (examples.sql), licensed.
select
    coalesce(nullif(licensed.cluster, ''), nullif(licensed.phash, ''), item_id) as copies,
    min(examples.split) as one, max(examples.split) as other
from examples join licensed using (item_id)
group by copies having one <> other
order by copies limit 1
