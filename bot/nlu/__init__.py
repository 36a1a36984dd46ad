"""Components of Rasa's training and message graph; config.yml names them by dotted path."""
