"""The encoder for asyncio: texts that wait are encoded together, away from the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import NamedTuple

from language.encoder import Kind, TextEncoder, Vectors

LARGEST_BATCH = 16


class EncoderClosed(RuntimeError):
    """The encoder was closed before, or while, it was asked."""


class _Request(NamedTuple):
    text: str
    kind: Kind
    answer: asyncio.Future[Vectors]


class BatchingEncoder:
    """Encodes for any number of tasks in one worker thread, in the order of asking.

    One hop to the thread serves up to sixteen waiting texts, and a text that several wait for is encoded once. To be
    used in one event loop, `async with` or closed by `aclose`.
    """

    def __init__(self, encoder: TextEncoder, *, largest_batch: int = LARGEST_BATCH) -> None:
        self._encoder = encoder
        self._largest_batch = largest_batch
        self._waiting: list[_Request] = []
        self._worker: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="encoder")
        self._closed = False

    @property
    def fingerprint(self) -> str:
        return self._encoder.fingerprint

    @property
    def dimension(self) -> int:
        return self._encoder.dimension

    async def __aenter__(self) -> BatchingEncoder:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def encode(self, text: str, *, kind: Kind) -> Vectors:
        """The text's vector (one row, shape (dimension,)); raises what the encoder raised, or EncoderClosed."""
        if self._closed:
            raise EncoderClosed("the encoder is closed")
        answer: asyncio.Future[Vectors] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Request(text, kind, answer))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await answer

    async def aclose(self) -> None:
        """Refuse what is still waiting and wait for the thread. Safe to call twice."""
        self._closed = True
        waiting, self._waiting = self._waiting, []
        for request in waiting:
            _refuse([request], EncoderClosed("the encoder was closed"))
        if self._worker is not None:
            await asyncio.wait([self._worker])
        self._thread.shutdown()

    async def _work(self) -> None:
        """Serve until nobody waits; the next one who asks starts it again."""
        while self._waiting:
            batch, self._waiting = self._waiting[: self._largest_batch], self._waiting[self._largest_batch :]
            # A caller that was cancelled meanwhile needs no vector.
            batch = [request for request in batch if not request.answer.done()]
            for kind in sorted({request.kind for request in batch}):
                await self._serve([request for request in batch if request.kind == kind], kind)

    async def _serve(self, requests: Sequence[_Request], kind: Kind) -> None:
        texts = list(dict.fromkeys(request.text for request in requests))
        loop = asyncio.get_running_loop()
        try:
            vectors = await loop.run_in_executor(self._thread, lambda: self._encoder.encode(texts, kind=kind))
        # The edge between thread and tasks: whatever went wrong belongs to those who asked.
        except Exception as error:  # noqa: BLE001
            _refuse(requests, error)
            return
        rows = dict(zip(texts, vectors, strict=True))
        for request in requests:
            if not request.answer.done():
                request.answer.set_result(rows[request.text])


def _refuse(requests: Sequence[_Request], error: Exception) -> None:
    for request in requests:
        if not request.answer.done():
            request.answer.set_exception(error)
