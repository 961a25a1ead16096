-- Pictures that were accepted once and were refused since, the latest first. Tables: changes, items. Parameters: profile, most.
with lost as (
    select item_id, to_verdict, to_rule, cause, changed_on from changes
    where profile = $profile and from_verdict = 'accept' and to_verdict <> 'accept'
    order by changed_on desc, item_id limit $most
)
select item_id, to_verdict, to_rule, cause, changed_on, titled.title as title
from lost left join (select item_id, title from items where item_id in (select item_id from lost)) as titled
    using (item_id)
order by changed_on desc, item_id
