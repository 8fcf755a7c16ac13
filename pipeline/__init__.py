"""The domain: what a story becomes, step by step.

Knows nothing of HTTP servers, SQL or the command line; it asks for what it needs through `pipeline.ports`.
"""
