from tests.web.knowledge.conftest import category, write

__all__ = ["category", "write"]
