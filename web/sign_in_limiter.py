"""How often somebody may try to sign in."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from fastapi import Request

from core.errors import TooManyRequests
from core.http import host_of
from core.rate_limit import RateLimit
from crm.agents.service import SignInFailed

# A whole office may share one address.
SHARERS = 5
# Far more than one address may try: nobody is to keep a colleague out from theirs.
FAILURES_PER_TRY = 20


class SignInLimiter:
    """Counts tries for each account from each address, those of the address, and what failed for the account."""

    def __init__(self, tries_per_minute: int) -> None:
        self._by_account_and_address = RateLimit(f"{tries_per_minute}/minute")
        self._by_address = RateLimit(f"{tries_per_minute * SHARERS}/minute")
        self._failures = RateLimit(f"{tries_per_minute * FAILURES_PER_TRY}/minute")

    @contextmanager
    def trying(self, request: Request, email: str) -> Iterator[None]:
        """Count the try that is made within, and its failure.

        Raises:
            TooManyRequests: it is not to be made.
        """
        account, address = email.strip().lower()[:254], host_of(request)
        self._by_address.hit(address)
        self._by_account_and_address.hit(account, address)
        if self._failures.left(account) < 1:
            # Says how long to wait.
            self._failures.hit(account)
        try:
            yield
        except SignInFailed:
            with suppress(TooManyRequests):
                self._failures.hit(account)
            raise
