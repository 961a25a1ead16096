-- What is to be exported beside what the shards of the last export hold. `shard`: where a row stays; none: it is new.
-- `leaves`: the shard that it may not be in any more. `must`: it may not stay as it is: another picture, another
-- ground of its rights, or labels that may not be shown any more. `stale`: its labels alone are out of date; `is_reread`:
-- and another reader of labels than that of the last export says so.
-- Tables: examples (examples.sql), held (pictures.arrow). Parameter: reader, null where several were at work.
with both_of as (
    select
        coalesce(examples.item_id, held.item_id) as item_id, examples.split, examples.place, held.shard as lay_in,
        coalesce(examples.split = split_part(held.shard, '-', 1), false) as stays,
        examples.stored_sha256 is distinct from held.stored_sha256 as is_other_picture,
        examples.rule_id is distinct from held.rule_id as is_other_ground,
        examples.labels is distinct from held.labels as is_relabelled,
        not examples.is_labelled as has_no_labels,
        coalesce(examples.policy = 'cc0' and held.label_licence <> 'CC0-1.0', false) as is_forbidden,
        $reader::varchar is null or examples.reader <> $reader::varchar as is_of_other_reader
    from examples
    full outer join held on held.item_id = examples.item_id
)
select
    item_id, split, place,
    case when stays then lay_in end as shard,
    case when not stays then lay_in end as leaves,
    stays and (is_other_picture or is_other_ground or is_forbidden or (is_relabelled and has_no_labels)) as must,
    stays and not must and is_relabelled as stale,
    stale and is_of_other_reader as is_reread
from both_of
