-- The evidence that the decisions of the due buckets will rest on and did not so far, by bucket and item. Only what was
-- read anew can be another. Where a bucket has lost its decisions, what the log says last of an item is not said again.
-- Tables: evidence_read, seen, due (bucket), previous, items, kept (rights/evidence, where a bucket has no decisions).
-- Parameters: first_profile, today.
with last_kept as (
    select item_id, digest from kept qualify seen_on = max(seen_on) over (partition by item_id)
)
select
    evidence_read.item_id, evidence_read.evidence_digest as digest, $today as seen_on,
    try_cast(json_extract_string(evidence_read.evidence, '$.revid') as bigint) as revid,
    items.page_url, evidence_read.page_digest, evidence_read.evidence, seen.bucket
from evidence_read
join seen on seen.item_id = evidence_read.item_id
join due on due.bucket = seen.bucket
left join previous on previous.item_id = evidence_read.item_id and previous.profile = $first_profile
left join items on items.item_id = evidence_read.item_id
anti join last_kept on last_kept.item_id = evidence_read.item_id and last_kept.digest = evidence_read.evidence_digest
    and previous.item_id is null
where previous.evidence_digest is distinct from evidence_read.evidence_digest
order by seen.bucket, evidence_read.item_id
