-- Names the content of the log, whatever parts and order it is in. Table: changes.
select count(*) || '-' || printf('%016x', coalesce(bit_xor(md5_number_lower(concat_ws('|',
    item_id, profile, from_verdict, to_verdict, cause, from_evidence, to_evidence, changed_on))), 0)) as version
from changes
