-- For each month and ground, and for each month alone (ground null): how many were accepted when it began, how many of
-- those and how many at all were accepted no more in it, why, and after how many days. A period of acceptance begins on
-- one day and ends on another, or lasts; where the day of its beginning is not known it is empty, long ago.
-- Tables: decisions, changes. Parameters: profile, first and last (months, `2026-11`; first may be null).
with told as (
    select
        item_id, changed_on as ended, cause, from_verdict, to_verdict,
        coalesce(nullif(array_to_string(from_grounds, ' + '), ''), 'not recorded') as ground,
        coalesce(from_since, lag(changed_on) over (partition by item_id order by changed_on, changed_at), '') as began
    from changes where profile = $profile
),
lost as (select * from told where from_verdict = 'accept' and to_verdict <> 'accept'),
periods as (
    select ground, began, ended, count(*) as items from lost group by all
    union all
    select coalesce(nullif(array_to_string(grounds, ' + '), ''), 'not recorded') as ground, coalesce(since, '') as began,
        null as ended, count(*) as items
    from decisions where profile = $profile and verdict = 'accept' group by all
),
bounds as (
    select coalesce($first, left(min(least(coalesce(ended, began), coalesce(nullif(began, ''), ended))), 7)) as first
    from periods where coalesce(ended, began) <> ''
),
months as (
    select strftime(unnest(generate_series(cast(first || '-01' as date), cast($last || '-01' as date), interval 1 month)),
        '%Y-%m') as month
    from bounds where first is not null
),
standing as (
    select month, ground, cast(sum(items) as bigint) as at_start
    from months join periods on began < month || '-01' and (ended is null or ended >= month || '-01')
    group by grouping sets ((month, ground), (month))
),
losses as (
    select
        left(ended, 7) as month, ground, count(distinct item_id) as lost,
        count(distinct item_id) filter (where began < left(ended, 7) || '-01') as lost_of_start,
        histogram(cause) as causes,
        min(days) as youngest_days, median(days) as median_days, max(days) as oldest_days
    from (
        select *, date_diff('day', try_cast(nullif(began, '') as date), cast(ended as date)) as days from lost
    )
    where left(ended, 7) in (select month from months)
    group by grouping sets ((left(ended, 7), ground), (left(ended, 7)))
)
select
    coalesce(standing.month, losses.month) as month, coalesce(standing.ground, losses.ground) as ground,
    coalesce(at_start, 0) as at_start, coalesce(lost, 0) as lost, coalesce(lost_of_start, 0) as lost_of_start,
    causes, youngest_days, median_days, oldest_days
from standing full join losses
    on standing.month = losses.month and standing.ground is not distinct from losses.ground
order by month desc, ground nulls first
