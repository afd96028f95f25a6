{#-
    The segments of `models/segments` that their YAML declares (`config.meta.segment`), in the order of
    their names: dictionaries of `name`, `segment_id` (31 bits that follow from the name alone, unless
    the YAML says `id`), `title`, `description`, `purpose`, `owner`, `state`, `uses`, `keeps_opted_out`
    and `checksum` (of the SQL). None while dbt only parses.
    orchestration/segments/declared.py refuses what can't be followed.
-#}
{% macro declared_segments() -%}
    {%- set found = [] -%}
    {%- set nodes = graph.nodes.values() if graph else [] -%}
    {%- for node in nodes | sort(attribute='unique_id')
        if node.resource_type == 'model' and node.fqn[1] == 'segments' and node.config.meta.get('segment')
    -%}
        {%- set said = node.config.meta.segment -%}
        {%- do found.append({
            'name': node.name,
            'segment_id': said.get('id', local_md5(node.name)[:8] | int(base=16) % 2147483648),
            'title': said.title,
            'description': modules.re.sub('\\s*One row per [^.]*[.]\\s*$', '', node.description),
            'purpose': said.get('purpose') or '',
            'owner': node.config.meta.owner,
            'state': said.get('state') or 'active',
            'uses': (said.get('uses') or []) | join(', '),
            'keeps_opted_out': said.get('keeps_opted_out', false),
            'checksum': node.checksum.checksum[:20],
        }) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
