-- The items whose pictures we want: live, usable, accepted. Tables: items, decisions. Parameter: profile.
select items.item_id, items.sha1, items.file_url, items.thumb_url, items.thumb_side
from items
join decisions on decisions.item_id = items.item_id and decisions.profile = $profile
where decisions.verdict = 'accept' and items.status = 'live' and items.problem is null and items.sha1 is not null
order by items.item_id
