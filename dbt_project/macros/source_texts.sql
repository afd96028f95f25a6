{#-
    Reading what source systems write: texts, identifiers, addresses and names, as people and
    programs have copied them. Nothing here compares; the identity layer does.
-#}

{#-
    A text without blanks at its ends, the invisible ones included, and without the apostrophe by
    which a spreadsheet is told that '01234 is a text; null when nothing is left.
-#}
{% macro as_text(text) -%}{{ return(adapter.dispatch('as_text')(text)) }}{%- endmacro %}
{% macro duckdb__as_text(text) -%}
    nullif(regexp_replace(
        trim({{ text }}, '{{ " \t\r\n\u00a0\u00ad\u200b\u200e\u200f\u202f\u2060\u3000\ufeff" }}'),
        '^''([0-9+])', '\1'
    ), '')
{%- endmacro %}

{#-
    A text that identifies: letters in one normal form, 1001.0 as 1001. Null when a spreadsheet has
    rounded it (6.01234E+15): its digits are gone, and strangers would share what is left.
-#}
{% macro as_identifier(text) -%}{{ return(adapter.dispatch('as_identifier')(text)) }}{%- endmacro %}
{% macro duckdb__as_identifier(text) -%}
    {#- Letters of full width, which East Asian keyboards write, as ASCII. -#}
    {%- set wide = namespace(signs='', plain='') -%}
    {%- for code in range(33, 127) if code != 39 -%}
        {%- set wide.signs = wide.signs ~ '%c' | format(code + 65248) -%}
        {%- set wide.plain = wide.plain ~ '%c' | format(code) -%}
    {%- endfor -%}
    {%- set plain -%}
        nfc_normalize(translate({{ duckdb__as_text(text) }}, '{{ wide.signs }}', '{{ wide.plain }}'))
    {%- endset -%}
    case
        -- Programs write 100000 as 1e+05, exactly; longer numbers may have been rounded before.
        when regexp_matches({{ plain }}, '^[0-9]([.][0-9]+)?e[+](0[0-9]|10)$')
            then cast(try_cast(try_cast({{ plain }} as double) as bigint) as string)
        when not regexp_matches({{ plain }}, '^[+-]?[0-9]([.,][0-9]+)?[eE][+][0-9]+$')
            then regexp_replace({{ plain }}, '^([0-9]+)([.]0+|,0)$', '\1')
    end
{%- endmacro %}

{#- A postal code; a spreadsheet's apostrophe may stand before letters, too. -#}
{% macro as_postal_code(text) -%}
    ltrim({{ as_identifier(text) }}, '''')
{%- endmacro %}

{#-
    An identifier that rows refer to. Null for what programs write for nobody: guest, NULL, the zero
    UUID, and the values of `nobody`, such as a 0 that is no customer.
-#}
{% macro as_key(text, nobody=[]) -%}
    {%- set words = [
        'guest', 'gast', 'invité', 'anonymous', 'anonym', 'unknown', 'null', 'none', 'nil', 'nan',
        'n/a', '(null)', '<null>', 'undefined', '-', '--', '00000000-0000-0000-0000-000000000000'
    ] -%}
    case
        when lower({{ as_identifier(text) }}) not in ('{{ (words + nobody) | join("', '") }}')
            then {{ as_identifier(text) }}
    end
{%- endmacro %}

{#-
    Whether a document is a return by what it is called, in the languages of the sources, or by a
    flag. Such rows are often written with positive amounts. `returns` and `sales` are further words
    of a source, in lower case; what is a sale there is no return, whatever it is called elsewhere.
-#}
{% macro says_return(text, is_flag=false, returns=[], sales=[]) -%}
    {%- set words = [
        'refund', 'refunds', 'return', 'returns', 'sales return', 'credit note', 'credit_note',
        'creditnote', 'credit memo', 'credit_memo', 'creditmemo', 'chargeback', 'rma',
        'gutschrift', 'stornorechnung', 'rechnungskorrektur', 'retoure',
        'rückgabe', 'rücknahme', 'rückerstattung', 'erstattung', 'rückzahlung', 'avoir',
        'remboursement', 'retour', 'devolución', 'devolucion', 'reembolso', 'abono',
        'nota de crédito', 'rimborso', 'reso', 'nota di credito', 'terugbetaling', 'creditnota',
        'retur'
    ] -%}
    {%- set yes = ['true', 't', 'yes', 'y', '1', 'ja', 'j', 'oui', 'si', 'sí'] -%}
    {%- set words = (yes if is_flag else words) | reject('in', sales) | list + returns -%}
    coalesce(lower({{ as_text(text) }}) in ('{{ words | join("', '") }}'), false)
{%- endmacro %}

{#-
    An e-mail address without what surrounds it: mailto:, quotes, brackets, a dot behind it. Null
    when it is none; several in one cell stay as they are, and identity takes each of them.
-#}
{% macro as_email(text) -%}{{ return(adapter.dispatch('as_email')(text)) }}{%- endmacro %}
{% macro duckdb__as_email(text) -%}
    coalesce(nullif(regexp_extract(
        {{ duckdb__as_identifier(text) }},
        '(?i)^(?:[^<>@]*<)?[\s"''‘’“”(]*(?:mailto:)?\s*([^@\s,;:<>"()]+@[^@\s,;:<>"()]+[.][^@\s,;:<>"().''‘’“”]+)[\s"''‘’“”).,;>]*$', 1
    ), ''), case when {{ text }} like '%_@_%_@_%' then {{ duckdb__as_identifier(text) }} end)
{%- endmacro %}

{#- A full name without what follows it: Jr., III, PhD. -#}
{% macro _without_suffix(full_name) -%}
    {{ regexp_replace_all(
        full_name, '[,\\s\\p{Z}]+((?i:jr|sr|jun|sen|ph[.]?d|m[.]?d|esq|mba)|II|III|IV)[.]?[\\s\\p{Z}]*$', ''
    ) }}
{%- endmacro %}

{#- Given and family name: what stands before and after the last blank, or `Family, Given`. -#}
{% macro given_name_of(full_name) -%}
    {%- set name = 'trim(' ~ _without_suffix(full_name) ~ ')' -%}
    nullif(trim(case
        when {{ name }} like '%,%' then {{ regexp_replace_all(name, '^[^,]*,', '') }}
        when {{ regexp_matches(name, '[\\s\\p{Z}]') }}
            then {{ regexp_replace_all(name, '[\\s\\p{Z}][^\\s\\p{Z}]*$', '') }}
    end), '')
{%- endmacro %}
{% macro family_name_of(full_name) -%}
    {%- set name = 'trim(' ~ _without_suffix(full_name) ~ ')' -%}
    nullif(trim(case
        when {{ name }} like '%,%'
            then {{ _without_suffix(regexp_replace_all(name, ',.*$', '')) }}
        else {{ regexp_replace_all(name, '^.*[\\s\\p{Z}]', '') }}
    end), '')
{%- endmacro %}

{#- Path of an address, without host and query: a query may hold an e-mail address. -#}
{% macro url_path_of(url) -%}
    nullif(regexp_extract({{ url }}, '^([a-z]+://[^/?#]*)?([^?#]*)', 2), '')
{%- endmacro %}

{#- Whether a text is what reports write in front of a total. -#}
{% macro is_total(text) -%}
    {{ regexp_matches(text, '(?i)^\\s*(grand total|total|sum|summe|gesamt|totaal|totaux|rows|count)\\b') }}
{%- endmacro %}
