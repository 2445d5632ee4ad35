"""Networks that classify, detect and segment images."""
