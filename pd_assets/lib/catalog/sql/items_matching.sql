-- The items of which a title, an artist or a category matches a pattern. Tables: items, decisions. Parameters: field
-- (`title`, `artist` or `category`), pattern (a regular expression for the whole of it).
select item_id from items
where $field = 'title' and regexp_full_match(title, $pattern)
   or $field = 'category' and len(list_filter(categories, lambda name: regexp_full_match(name, $pattern))) > 0
   or $field = 'artist' and item_id in (
        select item_id from decisions
        where $field = 'artist' and regexp_full_match(json_extract_string(evidence, '$.artist'), $pattern)
   )
order by item_id
