-- Which bytes a decision that stands says something against, under which profile. One that waits for a copy says nothing.
-- Tables: stand, fresh. Parameters: copy_conflict, conflicting.
select sha1, profile from stand anti join fresh using (item_id)
where verdict <> 'accept' and rule_id <> $copy_conflict
  and len(list_intersect(reasons, $conflicting::varchar[])) > 0 and not list_contains(reasons, 'not_live')
