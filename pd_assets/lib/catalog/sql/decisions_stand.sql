-- How the stored decisions of each bucket stand: rows of each profile, and whether one of them is due today by itself.
-- Tables: previous.
select {bucket} as bucket, profile, count(*) as rows, bool_or({due}) as is_due, count(*) filter ({due}) as due
from previous group by bucket, profile
