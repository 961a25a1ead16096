-- Pictures of finished datasets, and those that models saw, that are no longer free, with why; not those that caps,
-- sizes or splits leave out, nor those of which the archive did not tell everything the last time (`incomplete`).
-- Tables: members, ledgers (of models), items, decisions, clusters, takedowns. Parameter: profile.
with told as (
    select item_id, sha256, version from members
    union all
    select item_id, stored_sha256, null from ledgers where stored_sha256 is not null and relation <> 'held'
),
held as (
    select item_id, sha256, list_sort(list(distinct version) filter (version is not null)) as versions
    from told group by item_id, sha256
),
banned as (
    select clusters.cluster, max(coalesce(takedowns.number || ': ', '') || takedowns.reason) as reason from clusters join takedowns
    on takedowns.item_id = clusters.item_id or takedowns.sha256 = clusters.sha256 or takedowns.sha1 = clusters.sha1
    group by clusters.cluster
),
judged as (
    select
        held.item_id, held.sha256, coalesce(held.versions, []) as versions,
        coalesce(
            (select max(coalesce(number || ': ', '') || reason) from takedowns t where t.item_id = held.item_id),
            (select max(coalesce(number || ': ', '') || reason) from takedowns t where t.sha256 = held.sha256),
            banned.reason
        ) as taken_down,
        items.status, items.problem, decisions.verdict, decisions.rule_id, clusters.conflict
    from held
    left join items on items.item_id = held.item_id
    left join decisions on decisions.item_id = held.item_id and decisions.profile = $profile
    left join clusters on clusters.item_id = held.item_id
    left join banned on banned.cluster = clusters.cluster
)
select item_id, sha256, versions, reason from (
    select *, case
        when taken_down is not null then 'taken down: ' || taken_down
        when status is null then 'no longer in the catalogue'
        when status <> 'live' then 'the archive has it no more: ' || status
        when problem is not null and problem <> 'incomplete' then 'the page is no usable picture: ' || problem
        when verdict is null then 'no decision on its rights'
        when verdict <> 'accept' then 'decided ' || verdict || ' by ' || rule_id
        when conflict is not null then 'a copy is refused: ' || conflict
    end as reason
    from judged
)
where reason is not null
order by item_id, sha256
