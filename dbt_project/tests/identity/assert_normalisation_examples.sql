-- The promises of macros/normalise for single values, as examples. A new rule starts with a row here.
with

examples (kind, example, written, expected) as (
    values
    ('numerals', 'full-width', '１２３', '123'),
    ('numerals', 'arabic-indic', '٠١٢ ۹', '012 9'),
    ('numerals', 'circled', '①⑫⑳', '11220'),
    ('numerals', 'roman signs', 'Ⅳ Ⅻ ⅷ', '4 12 8'),
    ('numerals', 'roman hundreds', 'Ⅽ Ⅼ', '100 50'),
    ('numerals', 'superscript', 'm²', 'm2'),
    ('numerals', 'letters stay letters', 'IV and XII', 'IV and XII'),
    ('symbols', 'punctuation and blanks', 'O''Neill-Smith & Co. ', 'ONeillSmithCo'),
    ('symbols', 'special characters', '#12/3 (b)™€', '123b'),
    ('symbols', 'accents stay', 'Zoë é', 'Zoëé'),
    ('lower case', 'capitals', 'ANN Lee', 'ann lee'),
    ('lower case', 'beyond ascii', 'ÉMILE ŁUKASZ', 'émile łukasz'),
    ('whitespace', 'inside and outside', '  a b' || chr(9) || 'c' || chr(10), 'abc'),
    ('whitespace', 'no-break and zero-width', 'a' || chr(160) || 'b' || chr(8203) || 'c', 'abc'),
    ('whitespace', 'ideographic', 'a' || chr(12288) || 'b', 'ab'),
    ('ascii', 'accents', 'Crème Brûlée Ñandú', 'Creme Brulee Nandu'),
    ('ascii', 'decomposed', 'e' || chr(769) || 'a', 'ea'),
    ('ascii', 'letters that are two', 'Straße Æsop Œuvre Þór', 'Strasse AEsop OEuvre THor'),
    ('ascii', 'strokes', 'Søren Łukasz Đorđe', 'Soren Lukasz Dorde'),
    ('ascii', 'no Latin base letter', 'Ελένη 李', 'Ελενη 李'),
    ('email', 'lower case', 'Ann.Lee@MAIL.Example', 'ann.lee@mail.example'),
    ('email', 'outer and inner blanks', '  ann @mail.example ', 'ann@mail.example'),
    ('email', 'no-break space', 'ann@mail.example' || chr(160), 'ann@mail.example'),
    ('email', 'dots and plus signs stay', 'a.b+c@mail.example', 'a.b+c@mail.example'),
    ('email', 'mailto', 'mailto:ann@mail.example?subject=hi', 'ann@mail.example'),
    ('email', 'name and brackets', 'Ann Lee <ann@mail.example>', 'ann@mail.example'),
    ('email', 'quotes and a dot behind', '''ann@mail.example.''', 'ann@mail.example'),
    ('email', 'apostrophe inside', 'o''neill@mail.example', 'o''neill@mail.example'),
    ('email', 'first of two', 'ann@mail.example; lee@mail.example', 'ann@mail.example'),
    ('email', 'full width', 'ａｎｎ＠ｍａｉｌ．ｅｘａｍｐｌｅ', 'ann@mail.example'),
    ('email', 'decomposed', 'zoe' || chr(776) || '@mail.example', 'zoë@mail.example'),
    ('login', 'full width', 'Ｍｉａ．Ｓａｔｏ ', 'mia.sato'),
    ('login', 'decomposed and quoted', '"zoe' || chr(776) || '"', 'zoë'),
    ('card number', 'full width', 'ｌ０１２', 'L012'),
    ('card number', 'lower case', 'l00000123', 'L00000123'),
    ('card number', 'groups', ' L 0000-0123 ', 'L00000123'),
    ('given name', 'accents', 'Émile', 'emile'),
    ('given name', 'umlaut', 'Jürgen', 'juergen'),
    ('given name', 'first of two', 'Anna-Lena Maria', 'anna'),
    ('given name', 'blanks', '  Tom ', 'tom'),
    ('given name', 'initial with dot', 'T.', 't')
),

actual as (
    select
        kind,
        example,
        expected,
        case kind
            when 'numerals' then {{ normalise_numerals('written') }}
            when 'symbols' then {{ without_symbols('written') }}
            when 'lower case' then {{ normalise_case('written') }}
            when 'whitespace' then {{ without_blanks('written') }}
            when 'ascii' then {{ to_ascii('written') }}
            when 'login' then {{ normalise_login('written') }}
            when 'email' then {{ normalise_email('written') }}
            when 'card number' then {{ normalise_card_number('written') }}
            when 'given name' then {{ normalise_given_name('written') }}
        end as actual
    from examples
),

lists (kind, written, listed, expected) as (
    values
    ('alias mapping', 'ann', 'ann_lee', 'ann_lee'),
    ('alias mapping', 'ann', null, 'ann'),
    ('custom bypass', 'ann', 'ann', null),
    ('custom bypass', 'ann', null, 'ann')
),

results as (
    select
        kind || ': ' || example as example,
        actual,
        expected
    from actual
    union all
    select
        kind || ': ' || written as example,
        case kind
            when 'alias mapping' then {{ alias_or_self('written', 'listed') }}
            when 'custom bypass' then {{ unless_listed('written', 'listed') }}
        end as actual,
        expected
    from lists
)

select
    example,
    actual,
    expected
from results
where actual is distinct from expected
