"""One line for whatever went wrong."""

import errno

import pytest

from launcher.errors import CommandFailed, describe, reason_in


class TestReasonIn:
    @pytest.mark.parametrize(
        ("output", "cause"),
        [
            ("error: failed to write: No space left on device (os error 28)", "disk is full"),
            ("error: Failed to fetch\n  cause: dns error\n  cause: failed to lookup address information", "network"),
            ("npm error code ENOTFOUND\nnpm error network request failed", "network"),
        ],
    )
    def test_names_the_usual_causes(self, output, cause):
        assert cause in reason_in(output, 1)

    def test_otherwise_gives_the_last_words(self):
        assert reason_in("Training...\nThe story 'x' has no end.\n\n", 1) == "The story 'x' has no end."

    def test_takes_no_missing_module_for_a_missing_network(self):
        assert "no module" in reason_in("ModuleNotFoundError: no module named 'x'", 1)

    def test_takes_no_link_for_the_last_words(self):
        words = "InvalidPasswordError: no\n(Background on this error at: https://sqlalche.me/e/21/dbapi)\n"

        assert reason_in(words, 1) == "InvalidPasswordError: no"

    def test_has_something_to_say_of_silence(self):
        assert reason_in("", 3) == "exit code 3"
        assert "memory" in reason_in("", -9)


class TestCommandFailed:
    def test_is_one_line(self):
        error = CommandFailed("Training", 1, "a\nb\nc\n", "setup.log")

        assert str(error) == "Training failed: c (log: setup.log)"


class TestDescribe:
    def test_says_that_the_disk_is_full(self):
        assert "disk is full" in describe(OSError(errno.ENOSPC, "No space left on device"))

    def test_names_the_file(self):
        assert describe(PermissionError(errno.EACCES, "Permission denied", "var/x")) == "Permission denied: var/x"
