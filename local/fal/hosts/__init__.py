"""fal's hosts on one address: which of them a request means, and what each of them answers."""

from local.fal.hosts.router import HostApps, join_hosts

__all__ = ["HostApps", "join_hosts"]
