{{ ranked_buckets('quartiles') }}
