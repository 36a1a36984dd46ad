"""The user interface's words: English in the templates, Persian in `fa.po`."""
