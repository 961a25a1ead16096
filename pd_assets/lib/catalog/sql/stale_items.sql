-- Live items whose evidence could not be read anew for too long: every category that lists them, or the page itself, or
-- the shard of their record. Tables: items, records. Parameters: categories, pages (ids as text), shards (`unit/shard`).
select item_id from items
where source = 'commons' and status = 'live' and (
    list_has_all($categories::varchar[], partitions)
    or item_id in (select 'commons:M' || unnest($pages::varchar[]))
)
union
select item_id from records
where status = 'live' and concat_ws('/', unit_code, shard) in (select unnest($shards::varchar[]))
order by item_id
