"""Our encoder as a sentence-transformers model, so that whatever works with that library gets the same vectors at
ONNX speed.

sentence-transformers and torch take seconds to import and exist in the app's interpreter alone: they are imported
when the function is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from language.encoder import Kind, TextEncoder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def as_sentence_transformer(encoder: TextEncoder) -> SentenceTransformer:
    """A SentenceTransformer whose only module is `encoder`.

    `encode_query(texts)` and `encode_document(texts)` (or `encode(texts, prompt_name="query" | "passage")`) return
    the rows that `encoder.encode` returns for that kind; `encode(texts)` alone reads passages.
    """
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import InputModule

    class OurEncoder(InputModule):  # type: ignore[misc]
        """Takes the prompt as the kind of text; the encoder itself knows what its model wants in front."""

        def preprocess(self, inputs: list[str], prompt: str | None = None, **kwargs: Any) -> dict[str, Any]:
            kind: Kind = "query" if prompt == "query" else "passage"
            return {"sentence_embedding": torch.from_numpy(encoder.encode(inputs, kind=kind))}

        def forward(self, features: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
            return features

        def get_embedding_dimension(self) -> int:
            return encoder.dimension

        def save(self, output_path: str, *args: Any, **kwargs: Any) -> None:
            raise NotImplementedError("The encoder's folder is made by language.build_encoder")

    return SentenceTransformer(
        modules=[OurEncoder()],
        device="cpu",
        prompts={"query": "query", "passage": "passage", "document": "passage"},
    )
