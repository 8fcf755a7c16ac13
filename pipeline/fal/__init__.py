"""fal.ai as a provider of clips. fal's own words stay in this folder.

`client` joins the pure files (messages, catalog, failures, protocol, webhook) with those that do I/O (wire,
signing_keys). This package imports nothing by itself, so that the pure files stay free of the HTTP library.
"""
