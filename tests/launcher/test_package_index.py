"""pip's settings in uv's words."""

from launcher.package_index import from_environment, parse_pip_config, uv_variables

LISTING = """\
:env:.find-links='/wheels /more'
global.extra-index-url='https://one.example/simple\\nhttps://two.example/simple'
global.find-links='/other'
global.timeout='60'
install.index-url='https://main.example/simple'
global.index-url='https://other.example/simple'
"""


class TestParsePipConfig:
    def test_lets_the_stronger_section_win(self):
        found = parse_pip_config(LISTING)

        assert found["find-links"] == "/wheels /more"
        assert found["index-url"] == "https://main.example/simple"

    def test_ignores_what_is_not_about_where_packages_come_from(self):
        assert "timeout" not in parse_pip_config(LISTING)


class TestFromEnvironment:
    def test_reads_pips_own_variables(self):
        assert from_environment({"PIP_FIND_LINKS": "/wheels", "PIP_TIMEOUT": "3"}) == {"find-links": "/wheels"}


class TestUvVariables:
    def test_says_the_same_in_uvs_words(self):
        said = uv_variables(parse_pip_config(LISTING), {})

        assert said == {
            "UV_DEFAULT_INDEX": "https://main.example/simple",
            "UV_INDEX": "https://one.example/simple https://two.example/simple",
            "UV_INDEX_STRATEGY": "unsafe-best-match",
            "UV_FIND_LINKS": "/wheels,/more",
        }

    def test_leaves_alone_what_is_set_for_uv_itself(self):
        said = uv_variables({"find-links": "/wheels"}, {"UV_FIND_LINKS": "/mine"})

        assert said == {}
