-- The items that wait, those first that people can settle, of these the ones that one reason alone holds back, of the
-- rules that hold back most. Tables: decisions, items. Parameters: profile, rule (null: every rule), but and only (items;
-- only null: all), for_others, of_age and of_own_work (reasons), most, past.
with waits as (
    select
        item_id, rule_id, len(reasons) as against, count(*) over (partition by rule_id) as of_rule,
        coalesce(
            list_has_any(reasons, $for_others::varchar[])
            or list_has_any(reasons, $of_age::varchar[]) and not list_has_any(reasons, $of_own_work::varchar[])
            or list_contains(reasons, 'no_ground') and not list_contains(reasons, 'unknown_tag'),
            false
        ) as is_for_others
    from decisions where profile = $profile and verdict = 'quarantine'
),
chosen as (
    select * from waits
    where ($rule::varchar is null or rule_id = $rule)
        and item_id not in (select unnest($but::varchar[]))
        and ($only::varchar[] is null or item_id in (select unnest($only::varchar[])))
    order by is_for_others, greatest(against, 1), of_rule desc, rule_id, md5(item_id), item_id
    limit $most offset $past
)
select chosen.item_id, chosen.rule_id, chosen.against, chosen.of_rule, items.title,
    chosen.is_for_others
from chosen left join items on items.item_id = chosen.item_id
order by is_for_others, greatest(against, 1), of_rule desc, rule_id, md5(chosen.item_id), chosen.item_id
