-- What was read about every item of the Smithsonian: its record as it stands, with the item's own status. In no order.
-- Tables: items, records.
with latest as (
    select item_id, struct_pack(status, unit_code, shard) as place from records
    qualify row_number() over (partition by item_id order by status = 'live' desc, fetched_at desc, unit_code, shard) = 1
)
select
    records.* replace (items.status as status, items.problem as problem), items.source,
    md5(concat_ws('|', records.signature, records.media_signature, items.status, coalesce(items.problem, '')))
        as page_digest
from records
join latest on records.item_id = latest.item_id
    and struct_pack(records.status, records.unit_code, records.shard) is not distinct from latest.place
join items on items.item_id = records.item_id
