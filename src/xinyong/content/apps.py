from django.apps import AppConfig


class ContentConfig(AppConfig):
    name = "xinyong.content"
    label = "content"

    def ready(self) -> None:
        """Articles are in the sitemap."""
        from xinyong.content import selectors
        from xinyong.opendata import sitemap

        sitemap.MORE.append(selectors.sitemap_pages)
