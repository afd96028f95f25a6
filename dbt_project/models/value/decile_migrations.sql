{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        pre_hook="{{ forget_this_refresh() }}"
    )
}}

{{ bucket_migrations('deciles', ref('deciles')) }}
