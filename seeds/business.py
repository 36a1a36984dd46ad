"""The demo business's fixed points. Its name and its site are what an admin can change in the desk (Website chat)."""

# The widget's public name, as it stands in the page's script tag.
WIDGET_KEY = "rabeteh-web"
TELEGRAM_KEY = "telegram"
FIRM = {"firm_fa": "آکادمی رابطه", "firm_en": "Rabeteh Academy", "firm_site": "/demo"}
