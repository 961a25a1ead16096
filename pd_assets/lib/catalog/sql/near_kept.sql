-- The same pairs (near_values.sql) by the numbers of today. Tables: kept, looks.
insert into pairs
select least(one.n, other.n), greatest(one.n, other.n)
from kept
join looks as one on one.p = kept.one_p and one.d0 = kept.one_d0 and one.d1 = kept.one_d1 and one.d2 = kept.one_d2 and one.d3 = kept.one_d3
join looks as other on other.p = kept.other_p and other.d0 = kept.other_d0 and other.d1 = kept.other_d1 and other.d2 = kept.other_d2 and other.d3 = kept.other_d3
