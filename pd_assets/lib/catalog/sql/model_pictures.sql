-- What is known of each picture of one ledger. Tables: ledger (release/ledger), items, licensed (catalog/licensed_images),
-- decisions.
with tags as (
    select item_id, arg_min(grounds, profile) as tags from decisions
    where verdict = 'accept' and item_id in (select item_id from ledger)
    group by item_id
)
select
    ledger.stage, ledger.version, ledger.item_id, ledger.sha256, ledger.stored_sha256, ledger.split, ledger.relation,
    ledger.times_shown, ledger.rule_id, coalesce(tags.tags, []) as tags, split_part(ledger.item_id, ':', 1) as source,
    items.title, licensed.artist, coalesce(items.categories, []) as categories, ledger.page_url, ledger.revid,
    ledger.evidence_digest, coalesce(ledger.captions, []) as captions,
    list_sort(list_distinct(list_transform(coalesce(ledger.captions, []), lambda one: one.licence))) as caption_licences
from ledger
left join items using (item_id)
left join licensed using (item_id)
left join tags using (item_id)
