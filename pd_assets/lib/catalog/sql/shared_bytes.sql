-- The items whose bytes another item has too, and what stands of them: `is_fresh` where that may not be what is decided
-- today, as its evidence is read anew or the decision is due. Tables: seen, previous, unread.
create table shared as
with several as (select sha1 from seen where sha1 is not null group by sha1 having count(*) > 1)
select seen.item_id, seen.sha1, seen.bucket from seen semi join several using (sha1);

create table stand as
select shared.item_id, shared.sha1, shared.bucket, previous.profile, previous.verdict, previous.rule_id, previous.reasons,
    {due} as is_due
from shared join previous using (item_id);

create table fresh as
select item_id, sha1, bucket from shared where item_id in (select item_id from unread)
union
select item_id, sha1, bucket from stand where is_due
