-- The items whose pictures we want (live, usable, accepted), each beside what images/files says of it so far.
-- Tables: items, decisions, files. Parameter: profile.
select
    items.item_id, items.sha1, items.file_url, items.thumb_url, items.thumb_side,
    items.width, items.height, items.size_bytes,
    files.sha1 as had_sha1, files.max_side as had_max_side, files.made_from as had_made_from, files.url as had_url,
    files.status as had_status, files.path as had_path, files.tries as had_tries, files.fetched_at as had_at
from items
join decisions on decisions.item_id = items.item_id and decisions.profile = $profile
left join files on files.item_id = items.item_id
where decisions.verdict = 'accept' and items.status = 'live' and items.problem is null and items.sha1 is not null
order by items.item_id
