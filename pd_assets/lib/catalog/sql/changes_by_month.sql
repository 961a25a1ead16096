-- How many items changed their verdict in each calendar month, by cause and in `all`; the latest month first.
-- Table: changes. Parameter: profile.
select left(changed_on, 7) as month, coalesce(cause, 'all') as cause, count(distinct item_id) as items
from changes where profile = $profile
group by grouping sets ((left(changed_on, 7), cause), (left(changed_on, 7)))
order by month desc, items desc, cause
