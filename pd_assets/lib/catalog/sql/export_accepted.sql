-- Names what the licensed pictures were accepted on, whatever else was decided, of them and of others.
-- Tables: licensed, decisions.
select count(*) || '-' || printf('%016x', coalesce(bit_xor(md5_number_lower(concat_ws('|',
    item_id, evidence_digest))), 0)) as version
from licensed join decisions using (item_id, profile, rule_id)
where verdict = 'accept'
