-- The reporting model leaves the house, so no column of it may identify anybody: neither by its
-- name nor by a personal data label. Contracts are enforced there, so the YAML lists every column.
{% set personal = [
    'profile_id', 'record_key', 'source_record_id', 'identity_value', 'comparison_value',
    'given_name', 'family_name', 'first_name', 'last_name', 'email', 'phone', 'login',
    'loyalty_id', 'member_no', 'customer_id', 'contact_id', 'cookie_id', 'birth_date', 'street',
    'postal_code', 'city', 'user_agent', 'ip_address', 'order_id',
] %}
{% for attribute in declared_attributes() if attribute.label %}
    {% do personal.append(attribute.name) %}
{% endfor %}
{% set offenders = [] %}
{% for measure in named_measures() %}
    {% for column in measure.per if column in personal %}
        {% do offenders.append('vars.measures.' ~ measure.name ~ ' per ' ~ column) %}
    {% endfor %}
{% endfor %}
{% if execute %}
    {% for node in graph.nodes.values() | sort(attribute='name') %}
        {% for measure in named_measures() if measure.model == node.name %}
            {% for column in node.columns.values() if column.name in measure.per %}
                {% if ((column.config or {}).get('meta') or column.meta or {}).get('label') %}
                    {% do offenders.append('vars.measures.' ~ measure.name ~ ' per ' ~ column.name) %}
                {% endif %}
            {% endfor %}
        {% endfor %}
        {% if node.resource_type == 'model' and node.fqn[1] == 'insights' %}
            {% for column in node.columns.values() %}
                {% set meta = (column.config or {}).get('meta') or column.meta or {} %}
                {% if column.name in personal or meta.get('label') %}
                    {% do offenders.append(node.name ~ '.' ~ column.name) %}
                {% endif %}
            {% endfor %}
            {% if not node.config.contract.enforced %}
                {% do offenders.append(node.name ~ ' has no enforced contract') %}
            {% endif %}
        {% endif %}
    {% endfor %}
{% endif %}
with

offenders as (
    {% for offender in offenders %}
    select '{{ offender }}' as offender
    union all
    {% endfor %}
    select cast(null as string) as offender
    where false
)

select offender
from offenders
