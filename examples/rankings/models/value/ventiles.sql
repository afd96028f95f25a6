{{ ranked_buckets('ventiles') }}
