"""Products are found by the names that the firm gives them, however they are spelled."""

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.products import ProductExtractor, ProductFinder, product_names

DATA = """
version: "3.1"
nlu:
  - lookup: product
    examples: |
      - پایپ‌لاین فروش
      - دورهٔ داده
      - Pipeline
      - Pipeline Pro
      - هوش مصنوعی در CRM
      - مبانی سی آر ام
  - synonym: پایپ‌لاین فروش
    examples: |
      - قیف فروش
      - doreye pipeline
  - synonym: something else
    examples: |
      - no product of ours
"""


@pytest.fixture(scope="module")
def training_data() -> TrainingData:
    return RasaYAMLReader().reads(DATA)


@pytest.fixture(scope="module")
def finder(training_data) -> ProductFinder:
    return ProductFinder(product_names(training_data))


class TestProductFinder:
    @pytest.mark.parametrize(
        "text",
        ["پایپ‌لاین فروش", "پایپ لاین فروش", "پایپلاین  فروش", "پايپ‌لاين فروش", "قیف فروش", "Doreye Pipeline"],
    )
    def test_gives_the_firms_name_however_it_is_spelled(self, finder, text) -> None:
        said = f"قیمت {text}، لطفاً"
        (found,) = finder.find(said)

        assert (found.entity, found.value) == ("product", "پایپ‌لاین فروش")
        assert said[found.start : found.end] == text

    @pytest.mark.parametrize("text", ["دوره‌ی داده", "دورۀ داده", "دوره داده"])
    def test_knows_both_ways_of_writing_an_ezafe(self, finder, text) -> None:
        assert [found.value for found in finder.find(text)] == ["دورهٔ داده"]

    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("هوش‌مصنوعی در CRM", "هوش مصنوعی در CRM"),
            ("هوش مصنوعی در crm", "هوش مصنوعی در CRM"),
            ("مبانی سی ار ام", "مبانی سی آر ام"),
            ("مبانی سی‌آر‌ام", "مبانی سی آر ام"),
            ("مبانیِ سی آر ام", "مبانی سی آر ام"),
        ],
    )
    def test_does_not_mind_half_spaces_and_maddas(self, finder, text, name) -> None:
        assert [found.value for found in finder.find(text)] == [name]

    def test_takes_the_longer_of_two_names(self, finder) -> None:
        assert [found.value for found in finder.find("pipeline pro or Pipeline?")] == ["Pipeline Pro", "Pipeline"]

    @pytest.mark.parametrize("text", ["", " ", "pipelines", "no product of ours", "\ud800\u064b", "پ" * 9000])
    def test_finds_none_where_there_is_none(self, finder, text) -> None:
        assert list(finder.find(text)) == []


class TestProductExtractor:
    def test_what_it_learned_is_there_after_loading(self, training_data, tmp_path) -> None:
        storage = LocalModelStorage.create(tmp_path)
        resource = Resource("products")
        context = ExecutionContext(GraphSchema({}))
        ProductExtractor.create({}, storage, resource, context).train(training_data)
        message = Message({TEXT: "قیف فروش", ENTITIES: [{"entity": "date"}]})

        ProductExtractor.load({}, storage, resource, context).process([message])

        assert [(one["entity"], one.get("value")) for one in message.get(ENTITIES)] == [
            ("date", None),
            ("product", "پایپ‌لاین فروش"),
        ]

    def test_a_firm_without_a_list_has_no_products(self, tmp_path) -> None:
        extractor = ProductExtractor.create(
            {}, LocalModelStorage.create(tmp_path), Resource("products"), ExecutionContext(GraphSchema({}))
        )
        extractor.train(TrainingData())
        message = Message({TEXT: "قیف فروش"})

        extractor.process([message])

        assert message.get(ENTITIES) == []
