-- What the list says of the rows of the shards that stand, in the order of the list. What they were accepted on is that of
-- today; what is said of their captions is that of the captions in the shard, which may wait to be written anew.
-- Tables: held (pictures.arrow), linked (path), examples (examples.sql).
select
    held.item_id, held.stored_sha256, held.shard, held.rule_id, held.label_licence, held.exported_sha256, held.labels,
    case when held.labels = examples.labels then examples.page_url else coalesce(held.page_url, examples.page_url) end
        as page_url,
    examples.revid, examples.evidence_digest,
    case when held.labels = examples.labels then examples.caption_licences else held.caption_licences end
        as caption_licences
from held
join linked on linked.path = held.shard
left join examples on examples.item_id = held.item_id
order by list_position(['train', 'validation', 'test'], split_part(held.shard, '-', 1)), number_of(held.shard),
    md5_number_lower(held.item_id), held.item_id
