#!/usr/bin/env python3
"""A person with a browser, for the driver `interactive`: started as $BROWSER with an address.

Reads the errand's page, logs in and answers as it says, in one of three windows: `everyday` keeps its
cookies in the folder SESSIONS, `private` until a `new_private` one is opened. After the callback the
tab asks for the next errand as the page's script does. What was done is noted in SESSIONS/done.
"""

import html.parser
import http.cookiejar
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from login import Forms, Stay

SESSIONS = os.environ["SESSIONS"]
# User name in the target file -> name and password.
PEOPLE = json.loads(os.environ["PEOPLE"])


class Errand(html.parser.HTMLParser):
    """The link of an errand's page."""

    def __init__(self, page):
        super().__init__()
        self.link = None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "a" and ("id", "go") in attrs:
            self.link = dict(attrs)


class Window:
    def __init__(self, name):
        path = os.path.join(SESSIONS, "private" if "private" in name else name)
        policy = http.cookiejar.DefaultCookiePolicy(secure_protocols=("http", "https"))
        self.jar = http.cookiejar.LWPCookieJar(path, policy)
        if name != "new_private" and os.path.exists(path):
            self.jar.load(ignore_discard=True)
        processor = urllib.request.HTTPCookieProcessor(self.jar)
        self.opener = urllib.request.build_opener(Stay, processor)

    def open(self, url, body=None):
        try:
            response = self.opener.open(url, body, timeout=10)
        except urllib.error.HTTPError as error:
            response = error
        self.jar.save(ignore_discard=True)
        return response


def note(*words):
    with open(os.path.join(SESSIONS, "done"), "a") as done:
        print(*words, file=done)


def errand(url):
    """Does what the page at `url` asks for; gives whether the callback was reached."""
    window, user, consent = Window("everyday"), "first", "approve"
    page = window.open(url)
    if page.code == 200:
        link = Errand(page.read().decode()).link
        note("errand", link["data-window"], link["data-user"], link["data-consent"])
        window = Window(link["data-window"])
        user, consent = link["data-user"], link["data-consent"]
        page = window.open(link["href"])
    for _ in range(10):
        if page.code in (301, 302, 303, 307, 308):
            # The callback is a page like any other for a browser.
            page = window.open(urllib.parse.urljoin(page.url, page.headers["location"]))
            continue
        forms = Forms(page.read().decode())
        names = [name for name, _ in forms.fields]
        if "password" in names:
            note("login", user)
            typed = dict(zip(("username", "password"), PEOPLE[user]))
            fields = [(name, typed.get(name, value)) for name, value in forms.fields]
        elif forms.buttons and forms.action != "/authspec/cannot":
            fields = forms.fields + [("decision", consent)]
        else:
            return page.code == 200
        body = urllib.parse.urlencode(fields).encode()
        page = window.open(urllib.parse.urljoin(page.url, forms.action), body)
    return False


def main():
    url = sys.argv[1]
    desk = urllib.parse.urljoin(url, "/authspec/next")
    note("opened", url)
    while errand(url):
        # As the script of the page does, until nothing comes any more.
        until = time.time() + 5
        while time.time() < until:
            time.sleep(0.1)
            try:
                with urllib.request.urlopen(desk, timeout=2) as answer:
                    url = answer.read().decode()
                    break
            except OSError:
                pass
        else:
            return


main()
