-- The items whose pictures we want (live, usable, accepted, not taken down), each beside what images/files says of it.
-- Tables: items, decisions, files, records, takedowns. Parameter: profile.
-- An archive that gives no SHA-1 has a signature of what it says of the medium instead.
with told as (
    select item_id, min(media_signature) as signature from records where status = 'live' group by item_id
)
select
    items.item_id, items.source, items.sha1, told.signature, items.file_url, items.thumb_url, items.thumb_side,
    items.mime, items.width, items.height, items.size_bytes,
    files.sha1 as had_sha1, files.signature as had_signature, files.max_side as had_max_side, files.made_from as had_made_from, files.url as had_url,
    files.status as had_status, files.path as had_path, files.size_bytes as had_size_bytes,
    files.width as had_width, files.height as had_height,
    files.tries as had_tries, files.fetched_at as had_at
from items
join decisions on decisions.item_id = items.item_id and decisions.profile = $profile
left join files on files.item_id = items.item_id
left join told on told.item_id = items.item_id
where decisions.verdict = 'accept' and items.status = 'live' and items.problem is null
  and coalesce(items.sha1, told.signature) is not null
  and items.item_id not in (select item_id from takedowns where item_id is not null)
  and coalesce(items.sha1, '') not in (select sha1 from takedowns where sha1 is not null)
order by items.item_id
