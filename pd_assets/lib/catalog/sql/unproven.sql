-- Every accepted row that should not be, with why; and rows that are there twice or say nothing. Written apart from the
-- rules, from what lies on the disk, so that one mistake does not hide in both. Tables: decisions, items.
with judged as not materialized (
    select
        decisions.*, case when json_valid(evidence) then evidence end as claims, items.item_id is not null as is_known, items.status, items.problem as no_picture, items.sha1
    from decisions left join items on items.item_id = decisions.item_id
),
accepted as not materialized (select * from judged where verdict = 'accept'),
-- Few columns: whole rows with their evidence do not go through a window, and are not kept for another look.
repeated as (select item_id, profile, count(*) as times from decisions group by all having count(*) > 1),
-- Bytes that a live page puts under conditions.
bound as (
    select distinct sha1 from judged
    where status = 'live' and sha1 is not null and evidence like '%"kind":"obligation"%'
),
seen as not materialized (
    select
        item_id, profile,
        from_json(json_extract(claims, '$.tags'), '[{"name": "VARCHAR", "kind": "VARCHAR"}]') as tags,
        from_json(json_extract(claims, '$.statements'), '[{"property": "VARCHAR", "value": "VARCHAR"}]') as said,
        from_json(json_extract(claims, '$.makers'), '[{"name": "VARCHAR", "died": "INTEGER", "born": "INTEGER"}]') as makers,
        greatest(try_cast(json_extract_string(claims, '$.death_year') as integer),
            try_cast(json_extract_string(claims, '$.summary_death_year') as integer)) as other_death,
        from_json(json_extract(claims, '$.judged'), '[{"profile": "VARCHAR", "answer": "VARCHAR", "roles": ["VARCHAR"]}]')
            as people,
        rule_id = 'accept-judged' as is_judged,
        -- The last year in which a maker may have died.
        year(decided_at) - 1 - case profile when 'strict' then 100 when 'life70' then 70 end as last_death
    from accepted where claims is not null
)
select item_id, profile, problem from (
    select accepted.item_id, accepted.profile, unnest([
        case when coalesce(accepted.evidence, '') in ('', '{}') or seen.item_id is null then 'no evidence' end,
        case when sha256(accepted.evidence) is distinct from accepted.evidence_digest
            then 'the evidence is not that of its digest' end,
        case when not is_known then 'no such item in the catalogue' end,
        case when is_known and status <> 'live' then 'status ' || status end,
        case when is_known and json_extract_string(claims, '$.status') is distinct from status
            then 'decided as ' || coalesce(json_extract_string(claims, '$.status'), 'nothing') end,
        case when no_picture is not null then 'no usable picture: ' || no_picture end,
        case when len(reasons) > 0 then 'accepted in spite of ' || array_to_string(reasons, ', ') end,
        case when len(list_filter(tags, lambda tag: tag.kind = 'obligation')) > 0 then 'a tag with conditions' end,
        case when len(list_filter(tags, lambda tag: tag.kind not in ('obligation', 'ground', 'dedication', 'no_ground')
            and not (is_judged and tag.kind = 'unknown'))) > 0
            then 'a tag that disputes it, or that nobody knows' end,
        case when is_judged and coalesce(len(list_filter(people, lambda one: one.profile = accepted.profile
            and one.answer = 'free' and len(list_distinct(list_transform(one.roles, lambda role: replace(lower(role), '-', ' ')))) >= 2)), 0)
            <> 1 then 'no two people judged it free under this profile' end,
        case when len(list_filter(people, lambda one: one.answer = 'not_free' and (one.profile in (accepted.profile, 'us')
            or accepted.profile = 'strict'))) > 0 then 'people judged it not free' end,
        case when len(list_filter(said, lambda one: one.property = 'P275' and one.value not in ('Q6938433', 'Q7257361'))) > 0
            then 'a licence with conditions in the structured data' end,
        case when json_extract_string(claims, '$.attribution_required') = 'true'
            then 'the archive asks for attribution' end,
        case when json_extract_string(claims, '$.deletion_reason') is not null
            then 'its deletion is asked for' end,
        case when accepted.item_id not like 'commons:%'
            and json_extract_string(claims, '$.medium.usage_access') is distinct from 'CC0'
            then 'the medium is not CC0' end,
        -- A tag for a reason that we do not take as one may stand beside a witness of age, and never without.
        case when accepted.item_id like 'commons:%' and coalesce(len(list_filter(tags, lambda tag: tag.kind in
            ('ground', 'dedication') or (tag.kind = 'no_ground' and (is_judged or coalesce(witness, '') <> ''))
            or (tag.kind = 'unknown' and is_judged))), 0) = 0
            then 'no tag names a ground' end,
        case when coalesce(len(list_filter(makers, lambda maker: maker.died > last_death
            or (is_judged and maker.born > last_death))), 0) > 0 and (is_judged or coalesce(witness, '') <> '') then 'a maker died too late' end,
        case when is_judged and other_death > last_death then 'a maker died too late, it says' end,
        case when bound.sha1 is not null then 'another page puts the same bytes under conditions' end
    ]) as problem
    from accepted
    left join seen on seen.item_id = accepted.item_id and seen.profile = accepted.profile
    left join bound on bound.sha1 = accepted.sha1
    union all
    select decisions.item_id, decisions.profile, unnest([
        case when times is not null then 'decided ' || times || ' times' end,
        case when verdict is null or verdict not in ('accept', 'reject', 'quarantine')
            then 'verdict ' || coalesce(verdict, 'missing') end
    ]) from decisions left join repeated
        on repeated.item_id is not distinct from decisions.item_id
        and repeated.profile is not distinct from decisions.profile
) where problem is not null
order by item_id, profile, problem
