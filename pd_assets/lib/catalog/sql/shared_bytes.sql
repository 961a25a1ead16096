-- The evidence of every item whose bytes another item has too. Tables: seen, previous, evidence_read.
-- Parameter: first_profile.
with shared as (select sha1 from seen where sha1 is not null group by sha1 having count(*) > 1)
select seen.sha1, coalesce(evidence_read.evidence, previous.evidence) as evidence
from seen
semi join shared on shared.sha1 = seen.sha1
left join evidence_read on evidence_read.item_id = seen.item_id
left join previous on previous.item_id = seen.item_id and previous.profile = $first_profile
