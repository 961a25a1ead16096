-- The evidence that decisions rest on and that the log does not say last of the item, as rows of rights/evidence by item.
-- It was seen when the first of the item's decisions was made from it. Tables: decisions, kept (rights/evidence), items.
-- Parameter: first_profile.
with last_kept as (
    select item_id, digest from kept qualify seen_on = max(seen_on) over (partition by item_id)
),
first_made as (
    select item_id, evidence_digest, make_timestamp(epoch_us(min(decided_at))) as made_at from decisions group by all
)
select
    decisions.item_id, decisions.evidence_digest as digest,
    coalesce(strftime(first_made.made_at, '%Y-%m-%d'), $today) as seen_on,
    try_cast(json_extract_string(decisions.evidence, '$.revid') as bigint) as revid,
    items.page_url, decisions.page_digest, decisions.evidence
from decisions
join first_made using (item_id, evidence_digest)
left join items using (item_id)
anti join last_kept on last_kept.item_id = decisions.item_id and last_kept.digest = decisions.evidence_digest
where decisions.profile = $first_profile and sha256(decisions.evidence) = decisions.evidence_digest
order by decisions.item_id
