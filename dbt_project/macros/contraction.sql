{#-
    Connected components by contraction. Leaves the temporary table `<work>_labels` (node, target): each
    node with the smallest node of its component. A node without any edge to another one is not in it.

    Every node points at its smallest neighbour, pointers jump twice, edges are rewritten to their
    representatives, until none is left; then the rounds' pointers are composed from the last to the
    first. It ends, because a round removes every node that has a smaller neighbour. It is exact,
    because a pointer never leaves its component, and the smallest node of a component points at
    itself in every round. The hashed order is needed for speed: on a path with sequential ids a
    round removes about four nodes only; 60 rounds are then not enough.

    The benchmark of graphs renders this file without dbt, so it calls nothing but `run_query`.
    Parameters: links, a query that yields node_a and node_b (bigint hashes, see hash60); work, what
    the names of its tables begin with; max_rounds.
-#}
{% macro _contract(links, work, max_rounds=60) %}
    {%- set edges = work ~ '_edges' -%}
    {%- set pointers = work ~ '_pointers' -%}
    {%- set labels = work ~ '_labels' -%}

    {% do _temp_table(edges ~ 0,
        "select distinct least(node_a, node_b) as a, greatest(node_a, node_b) as b
        from (" ~ links ~ ") as links where node_a <> node_b") %}

    {%- set state = namespace(round=0, left=(run_query("select count(*) from " ~ edges ~ 0).columns[0].values()[0] | int)) -%}
    {% for _ in range(max_rounds) if state.left > 0 %}
        {%- set before = edges ~ state.round -%}
        {%- set state.round = state.round + 1 -%}
        {%- set moves = work ~ '_moves' ~ state.round -%}
        {% do _temp_table(pointers,
            "select node, least(node, min(neighbour)) as target
            from (
                select a as node, b as neighbour from " ~ before ~ "
                union all
                select b as node, a as neighbour from " ~ before ~ "
            ) as both_ways
            group by node") %}
        {% do _temp_table(moves,
            "with jumped_once as (
                select here.node, there.target
                from " ~ pointers ~ " as here
                inner join " ~ pointers ~ " as there on there.node = here.target
            )
            select here.node, there.target
            from jumped_once as here
            inner join jumped_once as there on there.node = here.target") %}
        {% do _temp_table(edges ~ state.round,
            "select distinct least(x.target, y.target) as a, greatest(x.target, y.target) as b
            from " ~ before ~ " as links
            inner join " ~ moves ~ " as x on x.node = links.a
            inner join " ~ moves ~ " as y on y.node = links.b
            where x.target <> y.target") %}
        {%- set state.left = run_query("select count(*) from " ~ edges ~ state.round).columns[0].values()[0] | int -%}
    {% endfor %}
    {% if state.left > 0 %}
        {% do exceptions.raise_compiler_error(
            work ~ ": " ~ state.left ~ " links are left after " ~ max_rounds ~ " rounds. "
            ~ "The nodes must be hashes (hash60), not numbers in the order of the links.") %}
    {% endif %}

    {#- The last round's targets are final; each earlier round looks its targets up in the later ones. -#}
    {% do _temp_table(labels,
        "select cast(null as bigint) as node, cast(null as bigint) as target where false") %}
    {% for round in range(state.round, 0, -1) %}
        {% do _temp_table(labels,
            "select moves.node, coalesce(labels.target, moves.target) as target
            from " ~ work ~ "_moves" ~ round ~ " as moves
            left join " ~ labels ~ " as labels on labels.node = moves.target") %}
    {% endfor %}

    {% do run_query("drop table if exists " ~ pointers) %}
    {% for round in range(state.round + 1) %}
        {% do run_query("drop table " ~ edges ~ round) %}
        {% do run_query("drop table if exists " ~ work ~ "_moves" ~ round) %}
    {% endfor %}
{% endmacro %}

{#- One intermediate result. Temporary, so it spills beside the warehouse and not into it. -#}
{% macro _temp_table(name, select_statement) -%}
    {% do run_query("create or replace temp table " ~ name ~ " as " ~ select_statement) %}
{%- endmacro %}
