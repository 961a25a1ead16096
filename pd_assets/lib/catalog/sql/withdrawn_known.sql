-- What the catalogue says of each picture that is held. Tables: held (withdrawn_held.sql), items.
select held.item_id, held.sha256, items.status, items.problem from held left join items on items.item_id = held.item_id
