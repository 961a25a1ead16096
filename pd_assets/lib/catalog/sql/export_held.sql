-- What the shards of an export of before 2026-12 hold: its list named the pictures alone.
-- Tables: listed (pictures.arrow), written (the shards, with filename).
select
    written.item_id, listed.stored_sha256, parse_filename(written.filename) as shard, written.rule_id,
    written.label_licence, nullif(written.sha256, listed.stored_sha256) as exported_sha256,
    label_digest(written.page_url, written.label_licence, written.captions) as labels,
    written.page_url, null::bigint as revid, null::varchar as evidence_digest, null::varchar[] as caption_licences
from written
left join listed on listed.item_id = written.item_id and listed.shard = parse_filename(written.filename)
order by list_position(['train', 'validation', 'test'], split_part(shard, '-', 1)), number_of(shard),
    md5_number_lower(written.item_id), written.item_id
