"""Knowing what set-up has done already."""

from launcher.stamps import Stamps, digest


class TestDigest:
    def test_changes_with_a_file_in_a_folder(self, tmp_path):
        folder = tmp_path / "nlu"
        folder.mkdir()
        (folder / "greet.yml").write_text("سلام")
        before = digest(folder)

        (folder / "greet.yml").write_text("درود")

        assert digest(folder) != before

    def test_changes_with_a_files_name(self, tmp_path):
        (tmp_path / "a").write_text("x")
        before = digest(tmp_path)

        (tmp_path / "a").rename(tmp_path / "b")

        assert digest(tmp_path) != before

    def test_is_the_same_after_python_compiled_the_folder(self, tmp_path):
        (tmp_path / "a.py").write_text("x = 1")
        before = digest(tmp_path)

        (tmp_path / "__pycache__").mkdir()
        (tmp_path / "__pycache__/a.pyc").write_bytes(b"compiled")

        assert digest(tmp_path) == before

    def test_takes_words_into_account(self, tmp_path):
        assert digest(tmp_path, words=["one"]) != digest(tmp_path, words=["two"])

    def test_counts_a_missing_path_as_empty(self, tmp_path):
        assert digest(tmp_path / "missing") == digest()


class TestStamps:
    def test_matches_only_what_was_finished_with(self, tmp_path):
        stamps = Stamps(tmp_path / "stamps")

        stamps.finish("assets", "one")

        assert stamps.matches("assets", "one")
        assert not stamps.matches("assets", "two")
        assert not stamps.matches("encoder", "one")

    def test_remembers_that_a_step_was_interrupted(self, tmp_path):
        stamps = Stamps(tmp_path)

        stamps.begin("assets")

        assert stamps.was_interrupted("assets")
        stamps.finish("assets", "one")
        assert not stamps.was_interrupted("assets")
