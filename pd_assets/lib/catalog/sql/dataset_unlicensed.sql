-- Rows of the shards whose picture is not licensed. Tables: written (the shards, with filename), listed (pictures.arrow),
-- licensed.
select parse_filename(written.filename) as shard, written.item_id
from written
left join listed using (item_id)
left join licensed on licensed.item_id = written.item_id and licensed.sha256 = listed.stored_sha256
where licensed.item_id is null
order by all
