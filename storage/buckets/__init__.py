"""Object storage: the implementations of the `Bucket` port, one for each place that users keep files.

`disk.DiskBucket` (a folder, for laptops), `supabase.SupabaseBucket` (Supabase Storage over REST), and
`objects.ObjectBucket`, which `s3.s3_bucket` (anything that speaks S3), `gcs.gcs_bucket` (Google Cloud Storage) and
`azure.azure_bucket` (Azure Blob Storage) make. Each is an async context manager: entering opens what it needs and
leaving closes it. `keys` says which paths exist at all, alike for all, so that a path that works on a laptop works
when hosted. Nothing here decides what is stored or when.
"""
