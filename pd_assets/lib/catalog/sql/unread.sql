-- The items whose evidence is to be read: another page, another reader, news of what it asked, or people who judged it.
-- Tables: seen, previous, outdated, judged. Parameters: first_profile, extractor.
create table unread as
select seen.item_id, seen.bucket
from seen left join previous on previous.item_id = seen.item_id and previous.profile = $first_profile
left join judged on judged.item_id = seen.item_id
where previous.page_digest is distinct from seen.page_digest or seen.page_digest is null
  or previous.extractor_version is distinct from $extractor
  or previous.item_id in (select item_id from outdated)
  or (judged.mark is not null and not coalesce(list_contains(previous.looked_up, judged.mark), false))
