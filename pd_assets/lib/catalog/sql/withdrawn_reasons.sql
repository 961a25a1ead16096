-- The pictures that are no longer free, with why; not those that caps, sizes or splits leave out, nor those of which the
-- archive did not tell everything the last time (`incomplete`). Tables: known (withdrawn_known.sql), copies
-- (withdrawn_copies.sql), decisions, takedowns. Parameter: profile.
-- Pages and bundles show it, so that of a takedown it says number and day, and no word of the operator's.
with told as (
    select item_id, sha256,
        concat_ws(', ', number, strftime(make_timestamp(epoch_us(taken_down_at)), '%-d %B %Y')) as reason
    from takedowns
    where undone_at is null
),
by_item as (select item_id, max(reason) as reason from told group by item_id),
by_picture as (select sha256, max(reason) as reason from told group by sha256),
judged as (
    select
        known.*, decisions.verdict, decisions.rule_id, copies.conflict,
        coalesce(by_item.reason, by_picture.reason, copies.taken_down) as taken_down
    from known
    left join decisions on decisions.item_id = known.item_id and decisions.profile = $profile
    left join copies on copies.item_id = known.item_id
    left join by_item on by_item.item_id = known.item_id
    left join by_picture on by_picture.sha256 = known.sha256
)
select item_id, sha256, reason from (
    select item_id, sha256, case
        when taken_down is not null then 'taken down on request: ' || taken_down
        when status is null then 'no longer in the catalogue'
        when status <> 'live' then 'the archive has it no more: ' || status
        when problem is not null and problem <> 'incomplete' then 'the page is no usable picture: ' || problem
        when verdict is null then 'no decision on its rights'
        when verdict <> 'accept' then 'decided ' || verdict || ' by ' || rule_id
        when conflict is not null then 'a copy is refused: ' || conflict
    end as reason
    from judged
)
where reason is not null
