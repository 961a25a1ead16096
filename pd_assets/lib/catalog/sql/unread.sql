-- The items whose evidence is to be read: another page, another reader, or news of what it asked. Tables: seen, previous,
-- outdated. Parameters: first_profile, extractor.
create table unread as
select seen.item_id, seen.bucket
from seen left join previous on previous.item_id = seen.item_id and previous.profile = $first_profile
where previous.page_digest is distinct from seen.page_digest or seen.page_digest is null
  or previous.extractor_version is distinct from $extractor
  or previous.item_id in (select item_id from outdated)
