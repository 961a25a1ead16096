-- What is known of items that wait. Table: decisions. Parameters: profile, items.
select item_id, evidence, page_digest from decisions
where profile = $profile and verdict = 'quarantine' and item_id in (select unnest($items::varchar[]))
