-- What is known of the pictures that have a copy. Tables: members, items, decisions, linked (n).
-- `conflict` says what stands against one that is refused for a reason of $conflicting.
with judged as (
    select
        item_id,
        count(*) filter (where verdict = 'accept') as accepted,
        bool_or(verdict = 'accept' and profile = $profile) as is_accepted,
        max(item_id || ': ' || array_to_string(list_intersect(reasons, $conflicting), ', ')) filter (
            where verdict <> 'accept' and profile = $profile and len(list_intersect(reasons, $conflicting)) > 0
              and not list_contains(reasons, 'not_live')
        ) as conflict
    from decisions
    where item_id in (select members.item_id from members join linked on linked.n = members.n)
    group by item_id
)
select
    members.n, members.item_id, members.sha256, members.sha1, members.phash, members.detail_hash,
    coalesce(
        is_accepted and items.status = 'live' and items.problem is null and members.pixels > 0
        and (items.sha1 is null or items.sha1 = members.sha1),
        false
    ) as is_free,
    coalesce(judged.accepted, 0) as accepted,
    coalesce(cast(items.width as bigint) * items.height, 0) as original_pixels,
    members.pixels, judged.conflict
from members
join linked on linked.n = members.n
left join items on items.item_id = members.item_id
left join judged on judged.item_id = members.item_id
order by members.n
