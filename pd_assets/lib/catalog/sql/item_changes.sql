-- What changed between two builds of catalog/items. Tables: earlier (the listings of the last build), fresh (those of the
-- source files that are new or replaced), replaced, toggled (numbers of source files).
create table gone as select * from earlier where part in (select number from replaced);

create table listings as
select * from earlier where part not in (select number from replaced)
union all
select * from fresh;

create table affected as
select key from (select * from fresh except select * from gone)
union
select key from (select * from gone except select * from fresh)
union
select key from listings where part in (select number from toggled);

create table owners as
select key, min(bucket) as bucket from listings where key in (select key from affected) group by key;

create table touched as
select bucket, key from owners
union
select min(bucket), key from earlier where key in (select key from affected) group by key;
