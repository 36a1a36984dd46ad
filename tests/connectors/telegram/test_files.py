import httpx
import pytest

from crm.conversations.files import MAX_FILE_BYTES
from crm.conversations.ports import FetchLater, FetchRefused
from tests.connectors.telegram.emulator import TOKEN, ApiError, Emulator, flood

SECRET_PART = TOKEN.partition(":")[2]


@pytest.fixture
def source(telegram: Emulator) -> str:
    """What a photo is fetched by."""
    return str(telegram.send_file("photo", b"\xff\xd8\xff the photo")["message"]["photo"][-1]["file_id"])


class TestFetch:
    async def test_gives_the_bytes(self, connector, source: str):
        assert await connector.fetch(source) == b"\xff\xd8\xff the photo"

    @pytest.mark.parametrize("method", ["getFile", "download"])
    @pytest.mark.parametrize("trouble", ["cut_before", httpx.ConnectTimeout("no line"), httpx.ReadTimeout("slow")])
    async def test_may_be_tried_again_when_the_line_breaks(
        self, method: str, trouble: str | Exception, connector, telegram: Emulator, source: str
    ):
        telegram.fail_next(method, trouble)
        with pytest.raises(FetchLater):
            await connector.fetch(source)

        assert await connector.fetch(source)

    @pytest.mark.parametrize("trouble", [ApiError(502, "Bad Gateway"), ApiError(401, "Unauthorized")])
    async def test_waits_for_what_may_be_mended_and_tells_no_secret(
        self, trouble: ApiError, connector, telegram: Emulator, source: str
    ):
        telegram.fail_next("getFile", trouble)

        with pytest.raises(FetchLater) as later:
            await connector.fetch(source)

        assert SECRET_PART not in str(later.value)

    async def test_waits_as_long_as_telegram_asks(self, connector, telegram: Emulator, source: str):
        telegram.fail_next("getFile", flood(17))

        with pytest.raises(FetchLater) as later:
            await connector.fetch(source)

        assert later.value.after_seconds == 17

    async def test_is_refused_for_a_file_that_telegram_does_not_know(self, connector):
        with pytest.raises(FetchRefused, match="rong file_id"):
            await connector.fetch("unknown")

    async def test_is_refused_for_a_file_that_is_gone(self, connector, telegram: Emulator, source: str):
        telegram.fail_next("getFile", "none")
        content = telegram.files[source]
        telegram.files = Vanishing({source: content})

        with pytest.raises(FetchRefused, match="gone"):
            await connector.fetch(source)

    async def test_is_refused_for_a_large_file(self, connector, telegram: Emulator, source: str):
        telegram.files[source] = bytes(MAX_FILE_BYTES + 1)

        with pytest.raises(FetchRefused, match="too big"):
            await connector.fetch(source)


class Vanishing(dict[str, bytes]):
    """Files that are there when asked about, and not when they are to be given out."""

    def get(self, key: str, default=None):
        return None
