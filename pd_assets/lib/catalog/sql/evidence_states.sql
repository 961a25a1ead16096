-- What names the evidence that the decisions of each bucket rest on, whatever their order. Parameter: first_profile.
select {bucket} as bucket,
    printf('%016x', bit_xor(md5_number_lower(concat_ws('|', item_id, evidence_digest)))) as state
from {decisions} where profile = $first_profile group by bucket
