-- The names of all templates that live pages use: as the archive lists them, as they stand in the wikitext, where a
-- redirect has the name of the redirect, and as arguments that look like licences. Table: pages.
with live as (select templates, wikitext from pages where status = 'live')
select distinct unnest(templates) as name from live
union
select distinct trim(unnest(regexp_extract_all(wikitext, '\{\{\s*([^{}|<>\[\]#\n]{1,240})', 1))) from live
union
select distinct trim(unnest(regexp_extract_all(wikitext, '(?i)\|\s*(?:\d=\s*)?((?:pd|cc|gfdl)[-\w. ]{0,60})', 1))) from live
