-- How many items each rule decided, and how. Table: decisions. Parameter: profile.
select verdict, rule_id, count(*) as items from decisions where profile = $profile
group by verdict, rule_id order by items desc, rule_id
