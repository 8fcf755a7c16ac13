"""What the outside calls over HTTP, one file per function, at the URLs Supabase gives functions."""
