-- Pictures that a model was trained on without accepting evidence of that time, each with why. Written apart from the
-- rules, as `unproven` is. The first of them, and beside each how many there are. Tables: ledgers, evidence
-- (rights/evidence). Parameter: most.
with learnt as (
    select distinct stage, version, item_id, rule_id, evidence_digest from ledgers where relation = 'trained_on'
),
kept as (
    select distinct item_id, digest, evidence, case when json_valid(evidence) then evidence end as claims from evidence
),
judged as (
    select
        learnt.*, kept.evidence, kept.claims,
        from_json(json_extract(claims, '$.tags'), '[{"name": "VARCHAR", "kind": "VARCHAR"}]') as tags
    from learnt left join kept on kept.item_id = learnt.item_id and kept.digest = learnt.evidence_digest
)
select stage, version, item_id, problem, count(*) over () as problems from (
    select stage, version, item_id, unnest([
        case when evidence_digest is null then 'no evidence is named' end,
        case when rule_id is null then 'no rule is named that accepted it' end,
        case when evidence_digest is not null and evidence is null then 'its evidence is not in rights/evidence' end,
        case when evidence is not null and sha256(evidence) <> evidence_digest
            then 'the evidence is not that of its digest' end,
        case when evidence is not null and claims is null then 'the evidence is no JSON' end,
        case when len(list_filter(tags, lambda tag: tag.kind = 'obligation')) > 0 then 'a tag with conditions' end,
        case when len(list_filter(tags, lambda tag: tag.kind not in ('obligation', 'ground', 'dedication', 'no_ground'))) > 0
            then 'a tag that disputes it, or that nobody knows' end,
        case when json_extract_string(claims, '$.deletion_reason') is not null then 'its deletion was asked for' end
    ]) as problem from judged
) where problem is not null
order by stage, version, item_id, problem
limit $most
