-- Accepted, decoded, live, and one of each set of equal copies. Tables: items, decisions, files. Parameter: profile.
with free as (
    select
        items.item_id, files.sha256, items.title, items.page_url, decisions.rule_id, decisions.profile,
        files.width, files.height, files.phash, items.categories,
        json_extract_string(decisions.evidence, '$.artist') as artist,
        json_extract_string(decisions.evidence, '$.date_text') as date
    from items
    join decisions on decisions.item_id = items.item_id and decisions.profile = $profile
    join files on files.item_id = items.item_id
    where decisions.verdict = 'accept'
      and items.status = 'live'
      and items.problem is null
      and files.status = 'ok'
      and files.sha1 is not distinct from items.sha1
)
select item_id, sha256, title, artist, date, page_url, rule_id, profile, width, height, phash, categories
from free
qualify row_number() over (partition by sha256 order by item_id) = 1
order by item_id
