{{ ranked_places('deciles', ref('decile_values')) }}
