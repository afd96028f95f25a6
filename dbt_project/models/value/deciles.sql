{{ ranked_buckets('deciles') }}
