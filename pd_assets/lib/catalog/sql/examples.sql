-- What is to be exported: a row for each chosen picture. Nothing is chosen where a limit is 0. `place` is a hash of the
-- item, so that the order does not depend on when a picture came in. `labels` is a digest of what may change of a row
-- while its picture and its rights stay (macro label_digest).
-- What it was accepted on is that of its profile's decision, where that still is the one of catalog/licensed_images.
-- Tables: licensed, captions, splits, decisions, evidence, included, excluded (one column: category).
-- Parameters: any_category, minimum_side, max_side, per_cluster, per_artist, limit, seed.
with in_category as (
    select licensed.item_id,
        bool_or(included.category is not null) as wanted,
        bool_or(excluded.category is not null) as unwanted
    from (select item_id, unnest(categories) as category from licensed) as licensed
    left join included on included.category = licensed.category
    left join excluded on excluded.category = licensed.category
    group by licensed.item_id
),
candidates as (
    select
        licensed.item_id, splits.cluster, md5_number_lower(licensed.item_id || '/' || $seed) as draw,
        nullif(lower(trim(licensed.artist)), '') as artist
    from licensed
    left join in_category using (item_id)
    left join splits using (item_id)
    where ($any_category or coalesce(in_category.wanted, false))
      and not coalesce(in_category.unwanted, false)
      and ($minimum_side = 0 or $minimum_side <= least(licensed.width, licensed.height)
          * least(1.0, coalesce($max_side / nullif(greatest(licensed.width, licensed.height), 0), 1.0)))
),
few_of_a_cluster as (
    select * from candidates
    qualify $per_cluster = 0 or row_number() over (partition by coalesce(cluster, item_id) order by draw, item_id)
        <= $per_cluster
),
-- Works by nobody known are not by one person.
few_of_an_artist as (
    select * from few_of_a_cluster
    qualify $per_artist = 0 or artist is null or regexp_matches(artist, '\b(unknown|anonymous|unidentified)\b')
        or row_number() over (partition by artist order by draw, item_id) <= $per_artist
),
chosen as (
    select item_id from few_of_an_artist
    qualify $limit = 0 or row_number() over (order by draw, item_id) <= $limit
),
accepted as (
    select decisions.item_id, profile, rule_id, evidence_digest, read_at.revid
    from decisions
    left join (select item_id, digest, any_value(revid) as revid from evidence group by all) as read_at
        on read_at.item_id = decisions.item_id and read_at.digest = decisions.evidence_digest
    where verdict = 'accept'
)
select
    licensed.item_id, licensed.sha256 as stored_sha256, licensed.rule_id, splits.split,
    md5_number_lower(licensed.item_id) as place,
    label_digest(licensed.page_url, captions.label_licence, captions.captions) as labels,
    coalesce(len(captions.captions), 0) > 0 as is_labelled, captions.policy, coalesce(captions.labels_version, '') as reader,
    licensed.page_url, accepted.revid, accepted.evidence_digest, captions.caption_licences
from chosen
join licensed using (item_id)
left join splits on splits.item_id = licensed.item_id
left join captions on captions.item_id = licensed.item_id
left join accepted on accepted.item_id = licensed.item_id and accepted.profile = licensed.profile
    and accepted.rule_id = licensed.rule_id
