"""``python -m xinyong.demo.identity FOLDER PORT SITE``: serve until told to end, or until the parent is gone."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

from xinyong.demo.identity import provider, setup


def main(folder: Path, port: int, site: list[str]) -> None:
    """The provider of the demonstration, from what ``setup`` wrote into the folder."""
    people = tuple(
        provider.Person(**{**person, "organizations": tuple(person["organizations"])})
        for person in json.loads((folder / setup.PEOPLE).read_text("utf-8"))
    )
    server = provider.serve(
        provider.Provider(
            issuer=f"http://127.0.0.1:{port}",
            people=people,
            password=setup.PASSWORD,
            client_id=setup.CLIENT,
            client_secret=(folder / setup.SECRET).read_text("utf-8").strip(),
            redirect_uris=[f"{base}/centre/callback" for base in site],
            key=provider.load_key(folder / "key.pem"),
        ),
        port,
    )
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
