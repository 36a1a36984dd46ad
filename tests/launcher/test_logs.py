"""Logs of earlier runs: a few of them, and none too large."""

from launcher.logs import rotate, rotate_when_large


class TestRotate:
    def test_keeps_the_logs_of_a_few_earlier_starts(self, tmp_path):
        log = tmp_path / "app.log"
        for start in range(5):
            rotate(log, keep=2)
            log.write_text(str(start))

        kept = {path.name: path.read_text() for path in tmp_path.iterdir()}

        assert kept == {"app.log": "4", "app.log.1": "3", "app.log.2": "2"}


class TestRotateWhenLarge:
    def test_leaves_a_small_one_and_one_that_is_not_there(self, tmp_path):
        (tmp_path / "small.log").write_text("12345")

        rotate_when_large(tmp_path / "small.log", largest_bytes=5)
        rotate_when_large(tmp_path / "none.log", largest_bytes=5)

        assert [path.name for path in tmp_path.iterdir()] == ["small.log"]

    def test_puts_a_large_one_aside(self, tmp_path):
        (tmp_path / "large.log").write_text("123456")

        rotate_when_large(tmp_path / "large.log", largest_bytes=5)

        assert [path.name for path in tmp_path.iterdir()] == ["large.log.1"]
