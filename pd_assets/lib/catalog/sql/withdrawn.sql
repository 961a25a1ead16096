-- The pictures that are no longer free, with why, and each dataset version that held one: a row for each, or one without
-- a version. Tables: reasons (withdrawn_reasons.sql), members.
select reasons.item_id, reasons.sha256, reasons.reason, members.version
from reasons left join (select distinct item_id, sha256, version from members) as members
    on members.item_id = reasons.item_id and members.sha256 is not distinct from reasons.sha256
order by reasons.item_id, reasons.sha256, members.version
