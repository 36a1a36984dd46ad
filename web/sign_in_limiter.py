"""How often somebody may try to sign in."""

from fastapi import Request

from core.http import host_of
from core.rate_limit import RateLimit


class SignInLimiter:
    """Counts tries for each account and for each address they come from."""

    def __init__(self, tries_per_minute: int) -> None:
        self._by_account = RateLimit(f"{tries_per_minute}/minute")
        # A whole office may share one address.
        self._by_address = RateLimit(f"{tries_per_minute * 5}/minute")

    def check(self, request: Request, email: str) -> None:
        """Count one try.

        Raises:
            TooManyRequests
        """
        self._by_address.hit(host_of(request))
        self._by_account.hit(email.strip().lower()[:254])
