-- What looks the same, by its hashes: numbers are others when pictures come or go. Tables: pairs, looks.
select distinct one.p as one_p, one.d0 as one_d0, one.d1 as one_d1, one.d2 as one_d2, one.d3 as one_d3, other.p as other_p, other.d0 as other_d0, other.d1 as other_d1, other.d2 as other_d2, other.d3 as other_d3
from pairs join looks as one on one.n = pairs.a join looks as other on other.n = pairs.b
