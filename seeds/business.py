"""The demo business's fixed points, which its site and its data share."""

# The widget's public name, as it stands in the page's script tag.
WIDGET_KEY = "rabeteh-web"
TELEGRAM_KEY = "telegram"
FIRM = {"name_fa": "آکادمی رابطه", "name_en": "Rabeteh Academy"}
