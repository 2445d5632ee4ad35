"""Checks the links of the built site, offline: `python docs/links.py docs/_build`.

Every link, picture, script and anchor that does not lead out of the site must be there.
"""

import html.parser
import pathlib
import sys
import urllib.parse


class Page(html.parser.HTMLParser):
    """Anchors of a page, and what it links to."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links = {"", "top"}, []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        for key, value in attributes:
            if key == "id":
                self.anchors.add(value)
            elif key in ("href", "src") and value:
                self.links.append(value)


def broken(site):
    """`(links, those that lead nowhere)`, as pairs of a page and a link.

    Args:
        site: folder of the built pages.
    """
    site = pathlib.Path(site).resolve()
    pages = {path: Page(path) for path in site.rglob("*.html")}
    within, lost = [], []
    for path, page in pages.items():
        for link in page.links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            within.append((str(path.relative_to(site)), link))
            target = path
            if parts.path:
                target = (path.parent / urllib.parse.unquote(parts.path)).resolve()
            anchor = urllib.parse.unquote(parts.fragment)
            there = anchor in pages[target].anchors if target in pages else not anchor
            if not target.is_file() or not there:
                lost.append(within[-1])
    return within, lost


def main():
    """Command line."""
    within, lost = broken(sys.argv[1])
    for page, link in lost:
        print(f"{page}: {link}")
    print(f"{len(lost)} of {len(within)} links within the site are broken")
    return bool(lost)


if __name__ == "__main__":
    sys.exit(main())
