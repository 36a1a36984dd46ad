"""Which mails no person wrote: answering one can begin a loop that never ends."""

import re
from collections.abc import Callable

_MACHINES = re.compile(
    r"(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|donot-reply|bounces?|notifications?)(?:[+=.-].*)?"
)
_BULK = ("bulk", "junk", "list", "auto_reply")
# Exchange's way to say: do not answer this one. The other values speak of receipts. [MS-OXCMAIL] 2.2.3.2.14
_SUPPRESSED = ("all", "oof", "autoreply")
# What stands in brackets is for people, and may say anything.
_COMMENT = re.compile(r"\([^()]*\)")
_REFUTED = re.compile(r";\s*dmarc\s*=\s*fail(?![\w-])", re.I)
_ONLY_ON_AUTOMATIC = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "List-Id", "List-Unsubscribe", "Feedback-ID")


def is_refuted(results: str) -> bool:
    """Whether the mail server says that the sender's domain disowns a mail: somebody else may have written it.

    `results` is the first `Authentication-Results`: our server's, since each puts its own above those of others. One
    that says "pass" is not believed, as the sender may have written it where our server writes none. RFC 8601
    """
    return _REFUTED.search(_COMMENT.sub("", results)) is not None


def is_automatic(header: Callable[[str], str], *, address: str, own: str, content_type: str) -> bool:
    """Whether a machine wrote a mail, or we did; `header` gives a field's value, empty where there is none.

    RFC 3834 and what mail programs did before it.
    """
    submitted = header("Auto-Submitted").partition(";")[0].strip().lower()
    suppressed = {word.strip() for word in header("X-Auto-Response-Suppress").lower().split(",")}
    return (
        address == own
        or _MACHINES.fullmatch(address.partition("@")[0]) is not None
        or submitted not in ("", "no")
        or header("Precedence").strip().lower() in _BULK
        or not suppressed.isdisjoint(_SUPPRESSED)
        or header("Return-Path").strip() == "<>"
        or content_type == "multipart/report"
        or any(header(name) for name in _ONLY_ON_AUTOMATIC)
    )
