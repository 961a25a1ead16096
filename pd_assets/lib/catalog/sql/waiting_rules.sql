-- How many items wait by each rule, and how many of these for that reason alone. Table: decisions. Parameter: profile.
select rule_id, count(*) as items, count(*) filter (where len(reasons) <= 1) as alone
from decisions where profile = $profile and verdict = 'quarantine'
group by rule_id order by items desc, rule_id
