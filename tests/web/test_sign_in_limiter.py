"""Whoever guesses passwords is refused, and nobody else."""

import pytest
from fastapi import Request

from core.errors import TooManyRequests
from crm.agents.service import SignInFailed
from web.sign_in_limiter import FAILURES_PER_TRY, SHARERS, SignInLimiter

TRIES = 2
SARA = "sara@example.com"


def request_from(host: str) -> Request:
    return Request({"type": "http", "headers": [], "client": (host, 50_000)})


def fail(limiter: SignInLimiter, *, host: str, email: str = SARA) -> None:
    with pytest.raises(SignInFailed), limiter.trying(request_from(host), email):
        raise SignInFailed


def is_refused(limiter: SignInLimiter, *, host: str, email: str = SARA) -> bool:
    """Whether a try with the right password is not even made."""
    try:
        with limiter.trying(request_from(host), email):
            return False
    except TooManyRequests:
        return True


class TestTrying:
    def test_guesses_from_elsewhere_do_not_keep_a_colleague_out(self) -> None:
        limiter = SignInLimiter(TRIES)
        for _ in range(TRIES):
            fail(limiter, host="198.51.100.1")

        assert is_refused(limiter, host="198.51.100.1", email=f" {SARA.upper()} ")
        assert not is_refused(limiter, host="198.51.100.2")

    def test_guesses_from_everywhere_come_to_an_end(self) -> None:
        limiter = SignInLimiter(TRIES)
        for number in range(TRIES * FAILURES_PER_TRY):
            fail(limiter, host=f"198.51.100.{number}")

        assert is_refused(limiter, host="203.0.113.7")
        assert not is_refused(limiter, host="203.0.113.7", email="ali@example.com")

    def test_signing_in_from_many_places_is_no_guessing(self) -> None:
        limiter = SignInLimiter(TRIES)

        refused = [is_refused(limiter, host=f"198.51.100.{number}") for number in range(TRIES * FAILURES_PER_TRY + 1)]

        assert not any(refused)

    def test_one_address_does_not_try_account_after_account(self) -> None:
        limiter = SignInLimiter(TRIES)
        for number in range(TRIES * SHARERS):
            fail(limiter, host="198.51.100.1", email=f"{number}@example.com")

        assert is_refused(limiter, host="198.51.100.1", email="another@example.com")
