-- The shards with captions from which a newer reader of labels took words: it may have known them for a person's data.
-- Tables: compared (export_compared.sql), written (item_id, captions: as the shards have them), captions.
select distinct compared.shard
from compared
join written using (item_id)
left join captions using (item_id)
where compared.is_reread and not list_has_all(words(coalesce(captions.captions, [])), words(written.captions))
