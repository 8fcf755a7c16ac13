"""Object storage: three implementations of the `Bucket` port, one for each place that users keep files.

`disk.DiskBucket` (a folder, for laptops), `supabase.SupabaseBucket` (Supabase Storage over REST) and
`s3.S3Bucket` (anything that speaks S3). Each is an async context manager: entering opens what it needs and
leaving closes it. `keys` says which paths exist at all, alike for the three, so that a path that works on a
laptop works when hosted. Nothing here decides what is stored or when.
"""
