-- Each picture that a finished dataset held or that a model saw, once. Tables: members, ledgers (of models).
select distinct item_id, sha256 from (
    select item_id, sha256 from members
    union all
    select item_id, stored_sha256 from ledgers where stored_sha256 is not null and relation <> 'held'
)
