-- One bucket of images/files with what a journal tells of it: the last part that names an item counts, and the rows of
-- items that are `gone` go. Tables: stored, gone, parts (with the name of each one's file, in their order).
-- {of_bucket} is a condition on `item_id`.
with newest as (
    select item_id, max(filename) as filename from parts where {of_bucket} group by item_id
)
select * from stored anti join gone using (item_id) anti join newest using (item_id)
union all by name
select parts.* exclude (filename) from parts semi join newest using (item_id, filename)
order by item_id
