"""Sound: JACK, supernova through supriya, a headless sclang, and the messages between them."""
