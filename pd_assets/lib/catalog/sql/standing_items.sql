-- The items of the parts at hand that nothing happened to. Tables: held (those parts, with their file names), affected.
create or replace view standing as
select
    held.* exclude (filename),
    cast(regexp_extract(filename, 'part-(\d+)\.parquet$', 1) as usmallint) as bucket
from held
where md5_number_lower(item_id) not in (select key from affected)
