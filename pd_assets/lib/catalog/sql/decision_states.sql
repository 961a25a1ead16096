-- What names the decisions of each bucket: the verdicts and when they were made, whatever their order.
select {bucket} as bucket,
    printf('%016x', bit_xor(md5_number_lower(concat_ws('|', item_id, profile, verdict, epoch_ms(decided_at))))) as state
from {decisions} group by bucket
