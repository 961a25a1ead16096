-- Pictures that models were trained on and that an operator took down, with the takedown. Tables: ledgers, takedowns.
select distinct ledgers.stage, ledgers.version, ledgers.item_id, takedowns.reason
from ledgers join takedowns
on takedowns.item_id = ledgers.item_id
or takedowns.sha256 = ledgers.stored_sha256
or takedowns.sha256 = ledgers.sha256
where ledgers.relation = 'trained_on'
order by all
