-- catalog/clusters: the pictures in clusters, and all others alone, under their own name. Tables: members, grouped.
select item_id, cluster, is_representative, why, distance, place, conflict, sha256, sha1, phash, detail_hash from grouped
union all
select item_id, item_id, true, null, 0, 0, null, sha256, sha1, phash, detail_hash from members
where n not in (select n from grouped)
order by item_id
