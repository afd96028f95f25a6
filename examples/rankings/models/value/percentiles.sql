{{ ranked_buckets('percentiles') }}
