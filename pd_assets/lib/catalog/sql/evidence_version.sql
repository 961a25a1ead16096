-- Names the content of the log, whatever parts and order it is in, and counts it. Table: evidence.
select count(*) as rows, count(distinct item_id) as items, count(*) || '-' || printf('%016x', coalesce(bit_xor(
    md5_number_lower(concat_ws('|', item_id, digest, seen_on))), 0)) as version
from evidence
