-- What was read about every item of a museum: its record as it stands, with the item's own status. In no order.
-- A record that its shard tells in two ways is no evidence. Tables: items, records.
with latest as (
    select item_id, struct_pack(status, unit_code, shard) as place from records
    qualify row_number() over (partition by item_id order by status = 'live' desc, fetched_at desc, unit_code, shard) = 1
),
ambiguous as (
    select record_id, shard from records where status = 'live' and record_id is not null
    group by all having count(distinct signature) > 1
),
judged as (
    select
        records.* replace (
            items.status as status,
            coalesce(items.problem, case when ambiguous.record_id is not null then 'told_in_two_ways' end) as problem
        ),
        items.source
    from records
    join latest on records.item_id = latest.item_id
        and struct_pack(records.status, records.unit_code, records.shard) is not distinct from latest.place
    join items on items.item_id = records.item_id
    left join ambiguous on ambiguous.record_id = records.record_id and ambiguous.shard = records.shard
)
select *, md5(concat_ws('|', signature, media_signature, status, coalesce(problem, ''))) as page_digest from judged
