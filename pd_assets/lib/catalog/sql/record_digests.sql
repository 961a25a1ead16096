-- The records with a digest of all that labels are read from: what a museum's reader makes of a record is not in the
-- record's signature. Tables: stored_records.
select
    *,
    md5(concat_ws('|',
        coalesce(md5(page_url), ''), coalesce(md5(title), ''), coalesce(md5(freetext), ''), coalesce(md5(indexed), ''),
        coalesce(md5(caption), ''), coalesce(md5(alt_text), ''), coalesce(md5(metadata_usage_access), '')
    )) as digest
from stored_records
