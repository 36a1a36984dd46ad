"""Where articles are on the site."""


def article_url(slug: str, language: str) -> str:
    """Where an article's public page is, relative to the site."""
    return f"/help/{language}/{slug}"
