"""Log set-up: one line an event, never a contact's words, never a secret."""

import logging


def set_up_logging(level: str) -> None:
    """Send records to stderr; chatty libraries speak only when something is wrong."""
    logging.basicConfig(level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # httpx logs every URL, and Telegram's carry the bot's token.
    for name in ("httpx", "httpcore", "telegram", "sentence_transformers", "aiosqlite"):
        logging.getLogger(name).setLevel(logging.WARNING)
