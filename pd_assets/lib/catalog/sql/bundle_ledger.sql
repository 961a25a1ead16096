-- The ledger of a bundle: a row for each model of the chain and picture that it was trained on or measured with, also by
-- its evaluation, and where the picture came from. Tables: ledgers (of trainings), looked_at (of the evaluation), items,
-- files, evidence. Where training and evaluation measured with a picture, the row is the training's: the evaluation may
-- have seen another dataset version. The order is that of the columns item_id, stage, version.
with ranked as (
    select *, case relation when 'trained_on' then 0 when 'measured_with' then 1 end as place
    from (
        select *, 0 as later from ledgers
        union all by name
        select *, 1 as later from looked_at
    )
    where relation <> 'held'
),
once as (
    select * exclude (place, later) from ranked
    qualify row_number() over (partition by item_id, stage, version order by place, later) = 1
),
first_seen as (
    select evidence.digest, min(evidence.seen_on) as seen_on from evidence
    semi join (select distinct evidence_digest as digest from once) as used using (digest)
    group by evidence.digest
)
select
    once.*,
    split_part(once.item_id, ':', 1) as source,
    regexp_extract(items.file_url, '^[a-z]+://(?:[^/@]*@)?([^/:]+)', 1) as media_host,
    files.size_bytes::bigint as size_bytes,
    first_seen.seen_on
from once
left join items on items.item_id = once.item_id
left join files on files.item_id = once.item_id and files.sha256 = once.stored_sha256
left join first_seen on first_seen.digest = once.evidence_digest
order by once.item_id, once.stage, once.version
