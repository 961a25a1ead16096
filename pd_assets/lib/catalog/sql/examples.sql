-- The rows to export, in an order that does not depend on when a picture came in. Tables: licensed, captions, splits, files.
select
    licensed.item_id, licensed.sha256, licensed.rule_id, licensed.page_url, licensed.width, licensed.height,
    coalesce(captions.captions, []) as captions, captions.label_licence, splits.split, files.path
from licensed
join splits using (item_id)
join files on files.item_id = licensed.item_id
left join captions on captions.item_id = licensed.item_id
order by md5(licensed.item_id), licensed.item_id
