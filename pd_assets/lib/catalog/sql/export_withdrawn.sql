-- The shards with captions from which a newer reader of labels took words (it may have known them for a person's data), or
-- that tell as CC0 the very words of which it says that they are not.
-- Tables: compared (export_compared.sql), written (item_id, captions, label_licence: as the shards have them), captions.
select distinct compared.shard
from compared
join written using (item_id)
left join captions using (item_id)
where compared.is_reread and (
    not list_has_all(words(coalesce(captions.captions, [])), words(written.captions))
    or (
        written.label_licence = 'CC0-1.0' and captions.label_licence <> 'CC0-1.0'
        and list_has_all(words(written.captions), words(captions.captions))
    )
)
