"""Libraries of placeholders: what they are made of, building their files, and publishing them to a deployment."""
