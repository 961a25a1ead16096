-- Pictures that models were trained on and that an operator took down, with the takedown: the first of them, and beside
-- each how many there are. Tables: ledgers, takedowns. Parameter: most.
-- A join on each of three, as one on any of them would compare every row with every other.
with standing as (select * from takedowns where undone_at is null),
learnt as (
    select stage, version, item_id, sha256, stored_sha256 from ledgers where relation = 'trained_on'
),
found as (
    select learnt.stage, learnt.version, learnt.item_id, standing.reason
    from learnt join standing on standing.item_id = learnt.item_id
    union
    select learnt.stage, learnt.version, learnt.item_id, standing.reason
    from learnt join standing on standing.sha256 = learnt.stored_sha256
    union
    select learnt.stage, learnt.version, learnt.item_id, standing.reason
    from learnt join standing on standing.sha256 = learnt.sha256
)
select stage, version, item_id, reason as problem, count(*) over () as problems from found
order by stage, version, item_id, problem
limit $most
