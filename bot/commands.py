"""What Rasa takes for a command, whoever wrote it: a text that begins with a slash, such as `/restart`."""

import re

# Rasa takes all kinds of space off a message before it looks.
_BEFORE_A_COMMAND = re.compile(r"[\s/]+")


def without_command(text: str) -> str:
    """The text without the slashes that it begins with; where there is nothing else, as it is."""
    found = _BEFORE_A_COMMAND.match(text)
    return text[found.end() :] or text if found else text
