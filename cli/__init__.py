"""The `storyreel` command."""
