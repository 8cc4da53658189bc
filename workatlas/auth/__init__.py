"""Who asks: API keys, tokens of an identity provider, and the only user of a server on loopback."""
