"""The moderation door: what a story may not be about, by rules of ours and by an endpoint where there is one."""
