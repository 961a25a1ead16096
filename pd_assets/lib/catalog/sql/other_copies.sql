-- Items of other buckets whose bytes one of ours has too, as `seen` has them. Tables: every_pages, every_items, seen.
insert into seen
with pages as (
    select * from every_pages where pageid in (
        select pageid from every_pages where sha1 in (select sha1 from seen) and not ({is_ours})
    )
),
items as (select * from every_items)
select item_id, sha1, page_digest, {bucket} as bucket
from ({item_evidence}) where sha1 in (select sha1 from seen)
