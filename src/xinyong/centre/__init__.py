"""The enterprise centre (企业中心): a firm signs in through the identity provider, sees its whole file and uses its remedies."""
