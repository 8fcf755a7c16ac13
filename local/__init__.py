"""What stands in, on a laptop, for what is hosted: Postgres, fal, the bucket, and one command to start it all.

Nothing here is needed in a deployment.
"""
