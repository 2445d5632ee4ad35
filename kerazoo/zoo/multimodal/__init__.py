"""Images and words: networks that look and speak."""
