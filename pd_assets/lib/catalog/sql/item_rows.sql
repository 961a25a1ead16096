-- What each listing of a file says of it, all archives in one shape. Tables: pages, records, retired (categories that
-- the walk no longer finds). `bucket` is the part of catalog/items that the listing asks for; the least of a file's wins.
with listed as (
    select
        'commons:M' || pageid as item_id, 'commons' as source, category as partition, category as cluster_of_files,
        regexp_replace(regexp_replace(title, '^[^:]+:', ''), '\.[A-Za-z0-9]{2,5}$', '') as title,
        page_url, file_url, thumb_url, thumb_side, sha1, mime, width, height, size_bytes, revid, fetched_at,
        categories, cast(null as varchar) as said, problem, status,
        category not in (select category from retired) as in_walk, filename
    from pages
    union all
    select
        item_id, split_part(item_id, ':', 1), coalesce(unit_code, ''),
        concat_ws('/', split_part(item_id, ':', 1), unit_code, shard),
        title, page_url, file_url, thumb_url, thumb_side, null, mime, width, height, null, null, fetched_at,
        coalesce(terms, []), concat_ws(' ', caption, alt_text), problem, status, true, filename
    from records
)
select
    * exclude (cluster_of_files, filename, said),
    regexp_matches(
        lower(concat_ws(' ', title, said, array_to_string(categories, ' '))),
        '\b(colou?r ?(card|chart|checker|target|bar|strip|patch|control patch|separation guide|calibration)s?'
        || '|gr[ae]y ?(card|scale card)s?|(scale|ruler) bars?|with (a )?(scale|ruler)|it8 target)\b'
    ) as colour_card,
    md5_number_lower(item_id) as key,
    cast(md5_number_lower(cluster_of_files) % 4096 as usmallint) as bucket,
    filename
from listed
