#!/usr/bin/env python3
"""A program for `login.driver: { command: ... }`: reads one visit as JSON from standard input, makes
it with the standard library alone, answers with JSON on standard output.

Cookies of a session are kept in the folder SESSIONS, one file for each session.
"""

import html.parser
import http.cookiejar
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request


class Forms(html.parser.HTMLParser):
    """The first form of a page: its action, fields and buttons; and the text."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields, self.buttons, self.title, self.text = None, [], [], "", []
        self.inside = None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.inside = tag
        if tag == "form" and self.action is None:
            self.action = attrs.get("action", "")
        elif tag == "input" and (attrs.get("type") != "checkbox" or "checked" in attrs):
            self.fields.append((attrs.get("name"), attrs.get("value", "")))
        elif tag == "button":
            self.buttons.append((attrs.get("name"), attrs.get("value")))

    def handle_data(self, data):
        if self.inside == "title":
            self.title += data
        elif self.inside != "style":
            self.text.append(data.strip())


class Stay(urllib.request.HTTPRedirectHandler):
    """Redirects are ours to follow: one of them is the callback."""

    def redirect_request(self, *_):
        return None


def visit(task):
    path = os.path.join(os.environ["SESSIONS"], task["session"])
    # A person's browser sends secure cookies to loopback over http, too.
    policy = http.cookiejar.DefaultCookiePolicy(secure_protocols=("http", "https"))
    jar = http.cookiejar.LWPCookieJar(path, policy)
    if not task["session_is_new"]:
        jar.load(ignore_discard=True)
    opener = urllib.request.build_opener(Stay, urllib.request.HTTPCookieProcessor(jar))
    answer = {"format": 1, "stop_before": task["stop_before"]}
    url, body = task["authorization_url"], None
    for _ in range(10):
        origin = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(url))
        if any(url.startswith(uri) for uri in task["redirect_uris"]) or (
            origin not in task["allowed_origins"]
        ):
            return answer | {"callback": url}
        try:
            response = opener.open(url, body, timeout=10)
        except urllib.error.HTTPError as error:
            response = error
        jar.save(ignore_discard=True)
        if response.code in (301, 302, 303, 307, 308):
            url, body = urllib.parse.urljoin(url, response.headers["location"]), None
            continue
        forms = Forms(response.read().decode())
        names = [name for name, _ in forms.fields]
        kind = None
        if "password" in names:
            kind = "login"
        elif forms.buttons:
            kind = "consent"
        if kind is None or task["stop_before"] == kind:
            page = {"status": response.code, "title": forms.title, "text": " ".join(forms.text)}
            return answer | {"page": page}
        if kind == "login":
            if "logged_in_as" in answer:
                return answer | {"gave_up": "the login page is there again"}
            answer["logged_in_as"] = task["username"]
            typed = {"username": task["username"], "password": task["password"]}
            forms.fields = [(name, typed.get(name, value)) for name, value in forms.fields]
        else:
            answer["consent"] = task["consent"]
            forms.fields.append(("decision", task["consent"]))
        url = urllib.parse.urljoin(url, forms.action)
        body = urllib.parse.urlencode(forms.fields).encode()
    return answer | {"gave_up": "no end after ten pages"}


def main():
    task = json.load(sys.stdin)
    assert task["password"] is None or task["password"] not in " ".join(sys.argv)
    json.dump(visit(task), sys.stdout)


if __name__ == "__main__":
    main()
