-- One row per item and profile, in their order: the decision that stands, the evidence of today, what it was before,
-- and whether a copy is refused. Texts of evidence are in the first row of each item, and there once in `stored`.
-- Tables: seen, due (bucket), profiles, previous, evidence_read, refused. Parameter: first_profile.
with stored as (select item_id, evidence from previous where profile = $first_profile),
chosen as (select * from seen where bucket in (select bucket from due))
select
    seen.item_id, profiles.profile,
    previous.verdict, previous.rule_id, previous.reasons, previous.witness,
    previous.ruleset_version,
    coalesce(evidence_read.evidence_digest, previous.evidence_digest) as evidence_digest,
    case when profiles.profile = $first_profile then coalesce(evidence_read.evidence, stored.evidence) end as evidence,
    previous.decided_at, previous.since, previous.grounds, seen.page_digest, previous.extractor_version,
    case when evidence_read.item_id is null then previous.looked_up else evidence_read.looked_up end as looked_up,
    previous.fresh_days, previous.valid_until,
    evidence_read.item_id is not null as is_read_anew,
    case when profiles.profile = $first_profile and evidence_read.item_id is not null then stored.evidence end
        as evidence_before,
    previous.evidence_digest as evidence_digest_before,
    previous.page_digest as page_digest_before,
    previous.looked_up as looked_up_before,
    refused.sha1 is not null as is_copy_refused,
    seen.bucket
from chosen as seen
cross join profiles
left join previous on previous.item_id = seen.item_id and previous.profile = profiles.profile
left join stored on stored.item_id = seen.item_id and profiles.profile = $first_profile
left join evidence_read on evidence_read.item_id = seen.item_id
left join refused on refused.sha1 = seen.sha1 and refused.profile = profiles.profile
order by seen.bucket, seen.item_id, profiles.profile
