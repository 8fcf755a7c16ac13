"""Who may call: the account's key, the short-lived tokens it hands to browsers, and whether it is locked.

Keeps the tokens until they expire; answers no HTTP.
"""

import hmac
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from local.fal import replies
from local.fal.outcomes import Outcome
from local.fal.paths import alias_of


class _Rights(NamedTuple):
    """Of a token: which apps may be called with it, and until when in Unix seconds."""

    aliases: frozenset[str]
    until: float


class Account:
    """One account. `key` is the one accepted credential; None accepts any. `locked`: nothing is done for it."""

    def __init__(self, *, key: str | None, new_secret: Callable[[], str]) -> None:
        self._key = key
        self._new_secret = new_secret
        self._tokens: dict[str, _Rights] = {}
        self._upload_tokens: dict[str, float] = {}
        self.locked = False

    def refusal(self, headers: Mapping[str, str]) -> Outcome | None:
        """What a caller without the key, or of a locked account, is told; None for one who may go on."""
        return self._refusal(known=self.knows_key(headers))

    def refusal_of_run(
        self, headers: Mapping[str, str], query: Mapping[str, str], endpoint: str, *, now: float
    ) -> Outcome | None:
        """The same for a direct call of that endpoint, where a token in the query stands for the key."""
        admitted = self._admits(query.get("fal_jwt_token", ""), endpoint, now=now)
        return self._refusal(known=admitted or self.knows_key(headers))

    def knows_key(self, headers: Mapping[str, str]) -> bool:
        """Whether the Authorization header (lower-case name) shows the key."""
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if scheme.lower() not in {"key", "bearer"} or not key.strip():
            return False
        return self._key is None or hmac.compare_digest(key.strip().encode(), self._key.encode())

    def issue_token(self, apps: Collection[str], *, seconds: float, now: float) -> str:
        """A token for direct calls of those apps, given as alias, owner/alias or endpoint id, until it expires."""
        token = self._new_secret()
        self._tokens = {known: rights for known, rights in self._tokens.items() if now < rights.until}
        self._tokens[token] = _Rights(frozenset(map(alias_of, apps)), now + seconds)
        return token

    def issue_upload_token(self, *, seconds: float, now: float) -> str:
        """A token for uploads, until it expires."""
        token = self._new_secret()
        self._upload_tokens = {known: until for known, until in self._upload_tokens.items() if now < until}
        self._upload_tokens[token] = now + seconds
        return token

    def refusal_of_upload(self, headers: Mapping[str, str], *, now: float) -> Outcome | None:
        """The same for an upload, which asks for a token of its own."""
        _, _, token = headers.get("authorization", "").partition(" ")
        return self._refusal(known=now < self._upload_tokens.get(token.strip(), now))

    def _refusal(self, *, known: bool) -> Outcome | None:
        if not known:
            return replies.UNAUTHORIZED
        return replies.LOCKED if self.locked else None

    def _admits(self, token: str, endpoint: str, *, now: float) -> bool:
        rights = self._tokens.get(token)
        return rights is not None and now < rights.until and alias_of(endpoint) in rights.aliases
