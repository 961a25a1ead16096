-- The pictures that have a copy. Tables: pairs, same_bytes.
create table linked as
select a as n from pairs
union
select b from pairs
union
select a from same_bytes
union
select b from same_bytes
