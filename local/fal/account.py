"""Who may call: the account's key, the short-lived tokens it hands to browsers, and whether it is locked.

Pure but for the state it keeps; answers no HTTP.
"""

import hmac
from collections.abc import Callable, Collection, Mapping

from local.fal.outcomes import Outcome
from local.fal.paths import alias_of

UNAUTHORIZED = Outcome(401, {"detail": "Authentication is required: invalid key"})
LOCKED = Outcome(403, {"detail": "User is locked. Reason: Exhausted balance."})


class Account:
    """One account. `key` is the one accepted credential; None accepts any. `locked`: nothing is done for it."""

    def __init__(self, *, key: str | None, new_secret: Callable[[], str]) -> None:
        self._key = key
        self._new_secret = new_secret
        self._tokens: dict[str, tuple[frozenset[str], float]] = {}
        self._upload_tokens: dict[str, float] = {}
        self.locked = False

    def refusal(self, headers: Mapping[str, str]) -> Outcome | None:
        """What a caller without the key, or of a locked account, is told; None for one who may go on."""
        if not self.knows_key(headers):
            return UNAUTHORIZED
        return LOCKED if self.locked else None

    def refusal_of_run(
        self, headers: Mapping[str, str], query: Mapping[str, str], endpoint: str, *, now: float
    ) -> Outcome | None:
        """The same for a direct call of that endpoint, where a token in the query stands for the key."""
        if self._admits(query.get("fal_jwt_token", ""), endpoint, now=now):
            return LOCKED if self.locked else None
        return self.refusal(headers)

    def knows_key(self, headers: Mapping[str, str]) -> bool:
        """Whether the Authorization header (lower-case name) shows the key."""
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if scheme.lower() not in {"key", "bearer"} or not key.strip():
            return False
        return self._key is None or hmac.compare_digest(key.strip().encode(), self._key.encode())

    def issue_token(self, aliases: Collection[str], *, seconds: float, now: float) -> str:
        """A token for direct calls of those apps, given as alias or owner/alias, until it expires."""
        token = self._new_secret()
        self._tokens[token] = (frozenset(alias.rsplit("/", 1)[-1] for alias in aliases), now + seconds)
        return token

    def issue_upload_token(self, *, seconds: float, now: float) -> str:
        """A token for uploads, until it expires."""
        token = self._new_secret()
        self._upload_tokens[token] = now + seconds
        return token

    def may_upload(self, headers: Mapping[str, str], *, now: float) -> bool:
        """Whether the caller shows a token for uploads."""
        _, _, token = headers.get("authorization", "").partition(" ")
        return now < self._upload_tokens.get(token.strip(), now)

    def _admits(self, token: str, endpoint: str, *, now: float) -> bool:
        aliases, expires_at = self._tokens.get(token, (frozenset[str](), now))
        return now < expires_at and alias_of(endpoint) in aliases
