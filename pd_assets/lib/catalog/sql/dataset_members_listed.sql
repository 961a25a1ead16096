-- dataset/members of one version whose list of pictures is proved by the digest in its index: no shard is read.
-- Tables: listed (pictures.arrow), splits (shard, split). Parameters: dataset, version.
select
    item_id, stored_sha256 as sha256, coalesce(exported_sha256, stored_sha256) as exported_sha256, split, shard, rule_id,
    page_url, revid, evidence_digest, caption_licences, $dataset as dataset, $version as version
from listed
join splits using (shard)
order by item_id
