-- The rows of images/files whose picture a journal shows to be a placeholder: more than `most` unrelated items deliver it,
-- or a failure names it. Items are related where their originals have one SHA-1; where an archive gives none, where they
-- name one medium. Tables: files, parts (the journal).
with fresh as (
    select distinct sha256 from parts where sha256 is not null
),
shown as (
    select sha256, coalesce(sha1, regexp_replace(item_id, '^.*:', '')) as source, status
    from files semi join fresh using (sha256)
),
names as (
    select sha256 from shown group by sha256 having count(distinct source) > $most or bool_or(status = 'failed')
)
select * from files semi join names using (sha256) where status = 'ok'
