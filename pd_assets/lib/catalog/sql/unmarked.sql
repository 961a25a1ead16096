-- What of commons/creators the cache of marks does not know, or knows otherwise, and what it knows that is no more.
-- Tables: creators, cached (key, content, mark).
create table entities as
select asked as key, hash({content}) as content from creators where kind <> '{creator_page}';

create table unmarked as select key, content from entities anti join cached using (key, content);

create table forgotten as select key, content from cached anti join entities using (key, content);
