-- What near_pairs.sql finds with the masks of any two of $bands, in one pass over all pairs: for tables so small that no
-- bits are shared by a crowd. Table: looks.
insert into pairs
select a, b from (
    select a.n as a, b.n as b, xor(a.p, b.p) as differs
    from looks as a join looks as b on a.n < b.n
    where bit_count(xor(a.p, b.p)) <= $bits
      and cast(bit_count(xor(a.d0, b.d0)) as integer) + cast(bit_count(xor(a.d1, b.d1)) as integer)
        + cast(bit_count(xor(a.d2, b.d2)) as integer) + cast(bit_count(xor(a.d3, b.d3)) as integer) <= $detail_bits
)
where list_count(list_filter(cast($bands as ubigint[]), lambda band: differs & band = 0)) >= 2
