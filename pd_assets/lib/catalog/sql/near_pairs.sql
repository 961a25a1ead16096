-- Pictures that agree in the bits of $mask, and then in nearly all: one pass of multi-index banding. Table: looks.
-- Where more than $crowd share those bits (pages of text, say), a quarter of the detail hash must agree as well.
insert into pairs
with keyed as materialized (
    select *, p & cast($mask as ubigint) as key from looks
),
crowded as (
    select key from keyed group by key having count(*) > $crowd
),
sparse as (
    select * from keyed where key not in (select key from crowded)
),
refined as materialized (
    select * from (
        select *, count(*) over (partition by key, part, word) as crowd from (
            select n, p, d0, d1, d2, d3, key, unnest([0, 1, 2, 3]) as part, unnest([d0, d1, d2, d3]) as word
            from keyed where key in (select key from crowded)
        )
    ) where crowd <= $crowd
)
select a.n, b.n
from sparse as a join sparse as b on a.key = b.key and a.n < b.n
where bit_count(xor(a.p, b.p)) <= $bits
  and cast(bit_count(xor(a.d0, b.d0)) as integer) + cast(bit_count(xor(a.d1, b.d1)) as integer)
    + cast(bit_count(xor(a.d2, b.d2)) as integer) + cast(bit_count(xor(a.d3, b.d3)) as integer) <= $detail_bits
union
select a.n, b.n
from refined as a join refined as b on a.key = b.key and a.part = b.part and a.word = b.word and a.n < b.n
where bit_count(xor(a.p, b.p)) <= $bits
  and cast(bit_count(xor(a.d0, b.d0)) as integer) + cast(bit_count(xor(a.d1, b.d1)) as integer)
    + cast(bit_count(xor(a.d2, b.d2)) as integer) + cast(bit_count(xor(a.d3, b.d3)) as integer) <= $detail_bits
