"""What the app sent along with a message, as the graph's components see it."""

from typing import Any

from rasa.shared.nlu.training_data.message import Message

METADATA = "metadata"


def metadata_of(message: Message) -> dict[str, Any]:
    """The message's metadata; empty where there is none, as in training and in Rasa's shell."""
    metadata = message.get(METADATA)
    return metadata if isinstance(metadata, dict) else {}
