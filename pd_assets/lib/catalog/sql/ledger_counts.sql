-- What a model was trained on, by the rule that had accepted the picture, by archive and by the licence of the captions
-- that were shown: pictures, and how often they or their captions were shown. Table: ledger (of one model).
with learnt as (select * from ledger where relation = 'trained_on'),
captions as (
    select item_id, unnest(captions) as caption from learnt
),
counted as (
    select 'rule' as kind, coalesce(rule_id, 'unknown') as name, count(*) as pictures, sum(times_shown) as times_shown
    from learnt group by all
    union all
    select 'archive', split_part(item_id, ':', 1), count(*), sum(times_shown) from learnt group by all
    union all
    select 'caption licence', coalesce(caption.licence, 'unknown'), count(distinct item_id), sum(caption.times_shown)
    from captions group by all
)
select kind, name, pictures::bigint as pictures, times_shown::bigint as times_shown
from counted order by kind, pictures desc, name
