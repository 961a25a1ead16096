-- The items that wait, those first that one person could settle (one reason alone holds them back), of the rules that
-- hold back most. Tables: decisions, items. Parameters: profile, rule (null: every rule), but and only (items with the
-- digest of their evidence: `commons:M1|ab12...`; only null: all), most, past.
with waits as (
    select
        item_id, rule_id, evidence_digest, len(reasons) as against, count(*) over (partition by rule_id) as of_rule,
        item_id || '|' || coalesce(evidence_digest, '') as about
    from decisions where profile = $profile and verdict = 'quarantine'
)
select waits.item_id, waits.rule_id, waits.evidence_digest, waits.against, waits.of_rule, items.title
from waits left join items on items.item_id = waits.item_id
where ($rule::varchar is null or waits.rule_id = $rule)
    and waits.about not in (select unnest($but::varchar[]))
    and ($only::varchar[] is null or waits.about in (select unnest($only::varchar[])))
order by greatest(waits.against, 1), waits.of_rule desc, waits.rule_id, md5(waits.item_id), waits.item_id
limit $most offset $past
