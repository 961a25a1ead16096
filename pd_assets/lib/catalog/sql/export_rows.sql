-- The rows to write, in their order: those of each shard that is written anew, then those that go to new shards, by the
-- hash of their item. `row_key` is the digest of what a shard says of a row; the list of pictures says more.
-- Tables: compared (export_compared.sql), anew (path of a shard, target: its own, null for a new one), licensed,
-- captions, files, examples (examples.sql).
with wanted as (
    select compared.item_id, compared.split, compared.place, anew.target
    from compared
    left join anew on anew.path = compared.shard
    where compared.split is not null and (compared.shard is null or anew.path is not null)
),
whole as (
    select
        wanted.split, wanted.target, wanted.place, licensed.item_id, licensed.sha256 as stored_sha256, licensed.rule_id,
        licensed.page_url, licensed.width, licensed.height, files.path,
        coalesce(captions.captions, []) as captions, captions.label_licence,
        label_digest(licensed.page_url, captions.label_licence, captions.captions) as labels,
        examples.revid, examples.evidence_digest, examples.caption_licences
    from wanted
    join licensed using (item_id)
    join examples using (item_id)
    left join files on files.item_id = licensed.item_id and files.status = 'ok'
    left join captions on captions.item_id = licensed.item_id
)
select
    *,
    md5(to_json([item_id, stored_sha256, rule_id, page_url, label_licence]::varchar[] || captions)::varchar) as row_key
from whole
order by list_position(['train', 'validation', 'test'], split), number_of(target) nulls last, place, item_id
