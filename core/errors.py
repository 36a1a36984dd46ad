"""Our exception hierarchy; rendered once, by `web.errors`.

* AppError
  x NotAuthenticated        401
  x NotAllowed              403
  x NotFound                404
  x Conflict                409
  x InvalidInput            422
  x TooManyRequests         429
  x Unavailable             503

Features raise subclasses that carry their own `code`.
"""


class AppError(Exception):
    """A refusal that the caller can understand: `code` for programs, the message for people."""

    status_code = 500
    code = "internal_error"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip().split("\n")[0])

    @property
    def message(self) -> str:
        """One sentence, safe to show."""
        return str(self)


class NotAuthenticated(AppError):
    """Sign in, or send a valid token."""

    status_code = 401
    code = "not_authenticated"


class NotAllowed(AppError):
    """This account may not do that."""

    status_code = 403
    code = "not_allowed"


class NotFound(AppError):
    """There is no such thing, or it is not yours to see."""

    status_code = 404
    code = "not_found"


class Conflict(AppError):
    """This does not fit the present state."""

    status_code = 409
    code = "conflict"


class InvalidInput(AppError):
    """The input cannot be used."""

    status_code = 422
    code = "invalid_input"


class TooManyRequests(AppError):
    """Too many requests; wait and try again."""

    status_code = 429
    code = "rate_limited"

    def __init__(self, retry_after_seconds: int, message: str | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(AppError):
    """A part of the system does not answer at the moment."""

    status_code = 503
    code = "unavailable"


class StorageFull(Unavailable):
    """Nothing can be stored at the moment, and nothing was: the disk is full."""

    code = "storage_full"
