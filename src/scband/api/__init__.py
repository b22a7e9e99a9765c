"""The HTTP and WebSocket edge: plugin API, engine API and page, one application on three ports."""
