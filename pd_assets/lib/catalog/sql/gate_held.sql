-- Each picture that the ledgers of a release name as seen, once. Where one does not say which picture of the store it
-- was, it may be any that a dataset held of the item. Tables: ledgers, members.
select distinct item_id, sha256 from (
    select item_id, coalesce(stored_sha256, sha256) as sha256 from ledgers where relation is distinct from 'held'
    union all
    select item_id, sha256 from members where item_id in (
        select item_id from ledgers where stored_sha256 is null and relation is distinct from 'held'
    )
)
