-- The pictures that have a copy, or that were in a cluster with one. Tables: members, pairs, same_bytes, previous.
create table linked as
select a as n from pairs
union
select b from pairs
union
select a from same_bytes
union
select b from same_bytes
union
select members.n from members join previous using (item_id)
where previous.cluster <> previous.item_id or previous.cluster in (select cluster from previous where place > 0)
