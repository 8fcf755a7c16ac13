"""State: Postgres, with its SQL in `.sql` files, and buckets."""
