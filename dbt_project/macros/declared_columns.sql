{#-
    What the YAML of a source declares of its columns, in `config.meta`: an `attribute` of the person
    with its type and merge rule, or the `namespace` of the identity that the column holds. Declared
    there and nowhere else; orchestration/policy/declared_columns.py refuses what can't be followed.
-#}

{#-
    The attributes that a source table declares, typed, as the JSON text {name: value} of those that
    a row has; null without. A value that is not of its type counts for none.
    Parameter: relation, the source.
-#}
{% macro attributes_of(relation) -%}
    {%- set values = [] -%}
    {%- for column in declared_columns('attribute', relation) if graph -%}
        {%- do values.append("'" ~ column.said.name ~ "', cast(" ~ as_declared(column) ~ ' as string)') -%}
    {%- endfor -%}
    {%- if values -%}
        nullif(cast(json_merge_patch('{}', json_object({{ values | join(', ') }})) as string), '{}')
    {%- else -%}
        cast(null as string)
    {%- endif -%}
{%- endmacro %}

{#-
    What a row of a keyed attribute file says, as the JSON text {name: value}: null for an empty cell,
    which clears, and no entry where the file lacks the column. Null for a row that deletes.
    Parameter: relation, the source.
-#}
{% macro statements_of(relation) -%}
    {%- set said = [] -%}
    {%- for column in declared_columns('attribute', relation) if graph -%}
        {%- do said.append([
            column.said.name, adapter.quote(column.name) ~ ' is not null',
            'cast(' ~ as_declared(column) ~ ' as string)'
        ]) -%}
    {%- endfor -%}
    case
        when not coalesce(is_deleted, false)
            then '{' || concat_ws(',', cast(null as string)
                {%- for name, condition, value in said %},
                case when {{ condition }}
                    then '"{{ name }}":' || coalesce(cast(to_json({{ value }}) as string), 'null') end
                {%- endfor -%}
            ) || '}'
    end
{%- endmacro %}

{#- A column of a source as its declared type. -#}
{% macro as_declared(column) -%}
    {%- set text, said = adapter.quote(column.name), column.said -%}
    {%- if said.type in ('date', 'instant') -%}
        {%- set text = 'cast(' ~ text ~ ' as string)' -%}
        {{ as_date(text, said.format) if said.type == 'date' else as_instant_in(text, said.format, said.zone) }}
    {%- else -%}
        {%- set text = as_text('cast(' ~ text ~ ' as string)') -%}
        {%- if said.type == 'decimal' -%}
            {{ as_decimal(text, said.decimal_mark) }}
        {%- elif said.type == 'integer' -%}
            {%- set number = as_decimal(text, said.decimal_mark) -%}
            case when {{ number }} % 1 = 0 then try_cast({{ number }} as bigint) end
        {%- elif said.type == 'boolean' -%}
            try_cast({{ text }} as boolean)
        {%- else -%}
            {{ text }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#-
    The identities that a source table declares, as the JSON text [{namespace, value}] of those that
    a row has; null without.
    Parameter: relation, the source.
-#}
{% macro identities_of(relation) -%}
    {%- set values = {} -%}
    {%- for column in declared_columns('namespace', relation) if graph -%}
        {%- do values.update({column.name: [
            column.said, as_key('cast(' ~ adapter.quote(column.name) ~ ' as string)')
        ]}) -%}
    {%- endfor -%}
    {%- if values -%}
        nullif(cast(to_json(list_sort(list_distinct(list_filter([
            {%- for namespace, value in values.values() %}
            {'namespace': '{{ namespace }}', 'value': {{ value }}} {{- '' if loop.last else ',' }}
            {%- endfor %}
        ], lambda said: said.value is not null)))) as string), '[]')
    {%- else -%}
        cast(null as string)
    {%- endif -%}
{%- endmacro %}

{#-
    The attributes that any source declares, by name: dictionaries of `name`, `type` (of SQL),
    `merge`, `display_name`, `consumers`, `description` and `label`. None while dbt only parses.
-#}
{% macro declared_attributes() -%}
    {%- set types = {'integer': 'bigint', 'decimal': 'decimal(18, 6)', 'date': 'date',
        'instant': 'timestamp', 'boolean': 'boolean'} -%}
    {%- set found = {} -%}
    {%- for column in declared_columns('attribute') if column.said.name not in found -%}
        {%- do found.update({column.said.name: dict(
            column.said, type=types.get(column.said.type, 'string'),
            description=column.description, label=column.label
        )}) -%}
    {%- endfor -%}
    {{ return(found.values() | sort(attribute='name')) }}
{%- endmacro %}

{#-
    The columns of a source, or of all, that declare something: dictionaries of `name`, `description`,
    `label` and what is `said`. Consumers of an attribute, who may receive it, are the layers after
    profile and `c360 query --layers`.
-#}
{% macro declared_columns(what, relation=none) -%}
    {%- set found = [] -%}
    {%- set tables = graph.sources.values() if graph else [] -%}
    {%- for table in tables | sort(attribute='unique_id')
        if relation is none or table.relation_name == relation | string
    -%}
        {%- for column in table.columns.values() -%}
            {%- set meta = (column.config or {}).get('meta') or column.meta or {} -%}
            {%- set said = meta.get(what) -%}
            {%- if what == 'attribute' and said -%}
                {%- set said = {'type': said} if said is string else said -%}
                {%- set said = dict({
                    'name': column.name, 'type': 'text', 'merge': '', 'format': 'iso',
                    'zone': 'UTC', 'decimal_mark': '.', 'display_name': '',
                    'consumers': ['value', 'segments', 'insights', 'activation', 'lookup']
                }, **said) -%}
            {%- endif -%}
            {%- if said -%}
                {%- do found.append({
                    'name': column.name, 'description': column.description,
                    'label': meta.get('label') or '', 'said': said
                }) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
