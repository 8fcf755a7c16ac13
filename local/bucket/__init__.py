"""A bucket server for laptops: Supabase Storage's URLs and REST protocol over a folder of plain files.

`server.routes` is what others mount at the root of their HTTP server. It speaks the part of the protocol
(supabase/storage, src/http/routes) that the `supabase` client needs to keep objects in public or private
buckets, and to sign addresses of them. It does no copying, moving or transforming, signs no uploads, has no
users and no row-level security: one secret opens everything. It shares its folder with
`storage.buckets.disk.DiskBucket`: either reads what the other wrote, and signs what the server then serves.
"""
