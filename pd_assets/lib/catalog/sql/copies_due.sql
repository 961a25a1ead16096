-- The buckets in which a copy that came or went changes a decision. Tables: stand, fresh, refused.
-- Parameter: copy_conflict.
select distinct bucket from stand
left join refused on refused.sha1 = stand.sha1 and refused.profile = stand.profile
where case
    when stand.rule_id = $copy_conflict then refused.sha1 is null
    when stand.verdict = 'accept' then refused.sha1 is not null
end
