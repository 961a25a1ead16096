-- Every row of the licence-filtered table that should not be in it, with why. Written apart from licensed_images.sql,
-- so that one mistake does not hide in both. Tables: licensed, items, decisions, files, takedowns. Parameter: profile.
with judged as (
    select
        licensed.item_id, licensed.sha256,
        (select max(verdict) from decisions d where d.item_id = licensed.item_id and d.profile = $profile) as verdict,
        (select max(evidence) from decisions d where d.item_id = licensed.item_id and d.profile = $profile) as evidence,
        (select max(status) from items i where i.item_id = licensed.item_id) as status,
        (select max(problem) from items i where i.item_id = licensed.item_id) as no_picture,
        (select max(sha1) from items i where i.item_id = licensed.item_id) as sha1,
        (select max(status) from files f where f.item_id = licensed.item_id and f.sha256 = licensed.sha256) as file,
        (select max(sha1) from files f where f.item_id = licensed.item_id and f.sha256 = licensed.sha256) as file_sha1,
        count(*) over (partition by licensed.sha256) as copies,
        (
            select max(coalesce(number || ': ', '') || reason) from takedowns t
            where t.undone_at is null and (t.item_id = licensed.item_id or t.sha256 = licensed.sha256)
        ) as taken_down,
        licensed.profile
    from licensed
)
select item_id, problem from (
    select item_id, unnest([
        case when verdict is null then 'no decision' when verdict <> 'accept' then 'decided ' || verdict end,
        case when profile <> $profile then 'accepted under profile ' || profile end,
        case when coalesce(evidence, '') in ('', '{}') then 'no evidence' end,
        case when evidence like '%"kind":"obligation"%' then 'a tag with conditions in its evidence' end,
        case when json_extract_string(evidence, '$.attribution_required') = 'true' then 'attribution asked for' end,
        case when status is distinct from 'live' then 'status ' || coalesce(status, 'unknown') end,
        case when no_picture is not null then 'the page is no usable picture: ' || no_picture end,
        case when file is distinct from 'ok' then 'no decoded picture' end,
        case when file = 'ok' and file_sha1 is distinct from sha1 then 'a picture of another version of the file' end,
        case when taken_down is not null then 'taken down: ' || taken_down end,
        case when copies > 1 then 'listed ' || copies || ' times' end
    ]) as problem
    from judged
) where problem is not null
order by item_id, problem
