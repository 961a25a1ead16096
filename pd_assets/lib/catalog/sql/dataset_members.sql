-- dataset/members of one version. Tables: listed (pictures.arrow), splits (shard, split), shards (the shards themselves).
-- Parameters: dataset, version.
select
    listed.item_id, listed.stored_sha256 as sha256, shards.sha256 as exported_sha256, splits.split, listed.shard,
    shards.rule_id, listed.page_url, listed.revid, listed.evidence_digest, listed.caption_licences, $dataset as dataset,
    $version as version
from listed
join splits using (shard)
join shards using (item_id)
order by item_id
