-- One item as it was decided, if it waits. Tables: decisions, items, files. Parameters: profile, item.
select
    decisions.item_id, decisions.profile, decisions.verdict, decisions.rule_id, decisions.reasons, decisions.evidence,
    decisions.page_digest, items.title, items.page_url,
    -- Not the picture that the page showed before.
    case when files.status = 'ok' and files.sha1 = items.sha1 then files.path end as path
from decisions
left join items on items.item_id = decisions.item_id
left join files on files.item_id = decisions.item_id
where decisions.item_id = $item and decisions.profile = $profile and decisions.verdict = 'quarantine'
