"""Models that make images and sounds, or codes of them."""
