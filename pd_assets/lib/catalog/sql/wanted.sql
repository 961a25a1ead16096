-- The items whose pictures we want (live, usable, accepted, not taken down), each beside what images/files says of it, and
-- the rows of images/files that are wanted no longer. `is_current`: the row answers for its item: the same file, whose
-- picture lies at `had_path` with `had_size_bytes` (which this does not look at), or a failure that is not yet due.
-- Tables: items, decisions, files, records, takedowns. Parameters: profile; max_side, originals (what is asked for);
-- icons (what the address of an icon holds); now_s, began_s (this decoder's first fetch) since 1970; wait_days (by tries).
-- An archive that gives no SHA-1 has a signature of what it says of the medium instead.
with standing as (select item_id, sha1 from takedowns where undone_at is null),
told as (
    select item_id, min(media_signature) as signature from records where status = 'live' group by item_id
),
wanted as (
    select
        items.item_id, items.source, items.sha1, case when items.sha1 is null then told.signature end as signature,
        items.file_url, items.mime, items.width, items.height, items.size_bytes,
        -- The smallest standard thumbnail that covers, where it is to be asked for before the original.
        case
            when not $originals and items.thumb_side >= $max_side and items.thumb_url is distinct from items.file_url
                and not contains(items.thumb_url, $icons)
            then items.thumb_url
        end as thumbnail
    from items
    join decisions on decisions.item_id = items.item_id and decisions.profile = $profile
    left join told on told.item_id = items.item_id
    where decisions.verdict = 'accept' and items.status = 'live' and items.problem is null
      and coalesce(items.sha1, told.signature) is not null
      and items.item_id not in (select item_id from standing where item_id is not null)
      and coalesce(items.sha1, '') not in (select sha1 from standing where sha1 is not null)
)
select
    coalesce(wanted.item_id, files.item_id) as item_id,
    wanted.item_id is not null as is_wanted, files.item_id is not null as has_row,
    wanted.* exclude (item_id),
    files.sha1 as had_sha1, files.signature as had_signature, files.url as had_url, files.status as had_status,
    files.tries as had_tries, files.path as had_path, files.size_bytes as had_size_bytes,
    coalesce(
        wanted.item_id is not null
        and files.sha1 is not distinct from wanted.sha1 and files.signature is not distinct from wanted.signature
        and files.max_side = $max_side
        and (not $originals or files.made_from = 'original')
        and case
            when files.status = 'ok' then
                (wanted.sha1 is not null or files.url in (wanted.thumbnail, coalesce(wanted.file_url, 'None')))
                -- An older decoder may have made it otherwise (lib/images/generation.py); of a TIFF the archive's
                -- thumbnails are JPEGs.
                and not (
                    (wanted.mime is not distinct from 'image/png'
                        or (wanted.mime is not distinct from 'image/tiff' and files.made_from = 'original'))
                    and coalesce(epoch(files.fetched_at) < $began_s, false)
                )
                -- The picture has the shape of the original (is_scaled in lib/images/proof.py).
                and (
                    coalesce(wanted.width, 0) = 0 or coalesce(wanted.height, 0) = 0
                    or coalesce(files.width, 0) = 0 or coalesce(files.height, 0) = 0
                    or (
                        files.width < wanted.width + $rounded_px and files.height < wanted.height + $rounded_px
                        and abs(files.width::bigint * wanted.height - files.height::bigint * wanted.width)
                            < $rounded_px * greatest(wanted.width, wanted.height)
                    )
                    or (
                        files.width < wanted.height + $rounded_px and files.height < wanted.width + $rounded_px
                        and abs(files.width::bigint * wanted.width - files.height::bigint * wanted.height)
                            < $rounded_px * greatest(wanted.width, wanted.height)
                    )
                )
            else
                files.url = coalesce(wanted.thumbnail, wanted.file_url, 'None')
                and $now_s < epoch(files.fetched_at) + 86400 * $wait_days[least(files.tries, len($wait_days) - 1) + 1]
        end,
        false
    ) as is_current
from wanted
full outer join files on files.item_id = wanted.item_id
