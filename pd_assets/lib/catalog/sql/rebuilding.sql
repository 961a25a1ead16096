-- The pictures of a dataset version in the order of its shards, with what the home has for each today. `withdrawn`: why
-- it may not be used any more. `url` is where this very picture came from, as a `made_from`; `file_url` and `thumb_url`
-- where the archive has its file now; `is_replaced`: the home knows that another picture is there now. `relabelled`: its
-- captions are not those of the version (null where nothing tells), and `may_show` whether today's may stand in for them:
-- those of which nobody noted the policy only where all may be shown.
-- Tables: listed (pictures.arrow, or what dataset/members makes of it), reasons (withdrawn_reasons.sql), captions, files,
-- items. Parameters: policy (of labels), max_side (of the store).
select
    listed.item_id, listed.stored_sha256, listed.exported_sha256, listed.shard, listed.rule_id, listed.labels,
    coalesce(listed.page_url, items.page_url) as page_url, listed.revid, listed.evidence_digest,
    reasons.reason as withdrawn,
    items.source, items.mime, items.size_bytes, items.file_url,
    case when items.thumb_side = $max_side and items.thumb_url is distinct from items.file_url then items.thumb_url end
        as thumb_url,
    files.path, files.url, files.made_from, files.sha256 is not distinct from listed.stored_sha256 as is_same,
    coalesce(files.status = 'ok' and files.sha256 <> listed.stored_sha256 and files.max_side = $max_side, false)
        as is_replaced,
    listed.labels <> label_digest(coalesce(listed.page_url, items.page_url), captions.label_licence, captions.captions)
        as relabelled,
    coalesce(captions.policy = $policy, $policy = 'all') as may_show,
    coalesce(captions.captions, []) as captions, captions.label_licence, captions.caption_licences,
    listed.label_licence as label_licence_then, listed.caption_licences as caption_licences_then
from listed
left join reasons on reasons.item_id = listed.item_id and reasons.sha256 is not distinct from listed.stored_sha256
left join captions on captions.item_id = listed.item_id
left join files on files.item_id = listed.item_id
left join items on items.item_id = listed.item_id
order by list_position(['train', 'validation', 'test'], split_part(listed.shard, '-', 1)), number_of(listed.shard),
    md5_number_lower(listed.item_id), listed.item_id
