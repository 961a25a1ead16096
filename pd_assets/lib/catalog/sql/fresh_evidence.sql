-- The evidence of today of the items whose decisions do not tell what they say of their bytes.
-- Tables: fresh, previous, evidence_read. Parameter: first_profile.
select fresh.sha1, coalesce(evidence_read.evidence, previous.evidence) as evidence
from fresh
left join evidence_read on evidence_read.item_id = fresh.item_id
left join previous on previous.item_id = fresh.item_id and previous.profile = $first_profile
