"""The demonstration's identity provider: a server of its own that speaks OpenID Connect, for people who do not exist."""
