-- Pictures of a model by what they have in common, with counts of showings. Table: pictures (model_pictures.sql).
-- Parameter: most, the names that are told of each kind.
with learnt as (select * from pictures where relation = 'trained_on'),
captions as (
    select item_id, caption.licence, sum(caption.times_shown) as times_shown
    from (select item_id, unnest(captions) as caption from learnt) group by all
    union all
    -- Left out for the sake of guidance, or read by nobody.
    select item_id, 'shown without a caption', times_shown - shown from (
        select item_id, times_shown, coalesce(list_sum(list_transform(captions, lambda one: one.times_shown)), 0) as shown
        from learnt
    ) where times_shown > shown
),
named as (
    select 'rule' as kind, rule_id as name, times_shown from learnt
    union all
    select 'tag', tag, times_shown from (select unnest(if(len(tags) > 0, tags, [null])) as tag, times_shown from learnt)
    union all
    select 'source', source, times_shown from learnt
    union all
    select 'category', category, times_shown
    from (select unnest(if(len(categories) > 0, categories, [null])) as category, times_shown from learnt)
    union all
    select 'artist', artist, times_shown from learnt
    union all
    select 'caption licence', licence, times_shown from captions
),
counted as (
    select kind, coalesce(name, 'unknown') as name, count(*) as pictures, sum(times_shown)::bigint as times_shown
    from named group by all
)
select kind, name, pictures, times_shown from counted
qualify row_number() over (partition by kind order by pictures desc, name) <= $most
order by kind, pictures desc, name
