-- The items whose evidence asked what has another answer today. Of a key that nobody knows, the mark is `key@`.
-- Tables: previous, marks. Parameter: first_profile.
with asked as (
    select item_id, unnest(looked_up) as mark from previous where profile = $first_profile
),
distinct_marks as (
    select distinct mark, regexp_replace(mark, '@[^@]*$', '') as key from asked
),
changed as (
    select distinct_marks.mark from distinct_marks left join marks using (key)
    where coalesce(marks.mark, distinct_marks.key || '@') <> distinct_marks.mark
)
select distinct item_id from asked semi join changed using (mark)
