"""Who somebody is: asked of a unified identity provider by OpenID Connect, never decided here."""
