-- What was accepted because people judged it. Table: decisions. Parameter: rule.
select item_id, profile, evidence, page_digest from decisions where rule_id = $rule and verdict = 'accept'
order by item_id, profile
