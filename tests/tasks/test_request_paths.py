"""What a request is for, by its path and query: the capture's own categories, and pages that only sound like it."""

from __future__ import annotations

import csv
import gzip

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.request_paths import CLASSES, path_class_of, path_classes, query_class_of, query_classes
from tasks.traffic import Classifier
from tests.conftest import CASES

WANTED = {
    "sensitive_file": {"sensitive_file"},
    "path_probe": {"path_probe", "login"},
    "user_enum": {"user_enumeration"},
    "wp_login_bf": {"login"},
    "xmlrpc_bf": {"xmlrpc"},
    "normal_static": {"static"},
    "normal_page": {None, "search"},
    "normal_post": {None},
    "legit_false_positive": {None, "search"},
}


def truth() -> list[dict[str, str]]:
    with gzip.open(CASES / "waf" / "truth.csv.gz", "rt") as file:
        return list(csv.DictReader(file))


def class_of(target: str) -> str | None:
    path, _, query = target.partition("?")
    found = [name for name in (path_class_of(path), query_class_of(query)) if name]
    return min(found, key=CLASSES.index, default=None)


def test_the_requests_of_the_capture_are_told_by_what_they_are_for() -> None:
    rows = [row for row in truth() if row["category"] in WANTED]
    assert {row["category"] for row in rows} == WANTED.keys()
    for row in rows:
        assert class_of(row["path"]) in WANTED[row["category"]], row


def test_an_attack_in_a_query_is_told_where_there_is_no_firewall() -> None:
    attacks = [
        row["path"]
        for row in truth()
        if row["category"] in ("atk_sqli", "atk_xss", "atk_lfi", "atk_rce", "atk_php") and "?" in row["path"]
    ]
    missed = [path for path in attacks if class_of(path) != "injection"]
    assert len(attacks) == 80
    assert missed == []


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("/wp/wp-login.php", "login"),
        ("/blog/wp-login.php", "login"),
        ("/typo3/", "login"),
        ("/administrator/index.php", "login"),
        ("/customer/account/loginPost/", "login"),
        ("/ghost/api/admin/session", "login"),
        ("/index.php?q=user/login", "login"),
        ("/my-account/", "login"),
        ("/blog/xmlrpc.php", "xmlrpc"),
        ("/?author=3", "user_enumeration"),
        ("/wp-json/wp/v2/users", "user_enumeration"),
        ("/?rest_route=%2Fwp%2Fv2%2Fusers%2F1", "user_enumeration"),
        ("/.ENV", "sensitive_file"),
        ("/.git/HEAD", "sensitive_file"),
        ("/dump.sql.gz", "sensitive_file"),
        ("/wp-config.php~", "sensitive_file"),
        ("/backup-2026-11-01.zip", "sensitive_file"),
        ("/www.tar.gz", "sensitive_file"),
        ("/id_rsa", "sensitive_file"),
        ("/privkey.pem", "sensitive_file"),
        ("/wp-content/uploads/2026/x.php", "sensitive_file"),
        ("/phpMyAdmin-5.2/index.php", "path_probe"),
        ("/cgi-bin/luci", "path_probe"),
        ("/old/wp-admin/", "path_probe"),
        ("/solr/admin/info/system", "path_probe"),
        ("/wp-content/plugins/akismet/readme.txt", "path_probe"),
        ("/install.php", "path_probe"),
        ("/checkout/", "checkout"),
        ("/?wc-ajax=checkout", "checkout"),
        ("/wp-json/wc/store/v1/checkout", "checkout"),
        ("/rest/V1/guest-carts/abc/payment-information", "checkout"),
        ("/?s=chair", "search"),
        ("/suche/", "search"),
        ("/a/b.WOFF2", "static"),
        ("/shop/?file=../../../../etc/passwd", "injection"),
        ("/%2e%2e/%2e%2e/x", "injection"),
        ("/?x=%24%7Bjndi:ldap://x%7D", "injection"),
        ("/?q=1%3Bwhoami", "injection"),
    ],
)
def test_telling_requests(target: str, found: str) -> None:
    assert class_of(target) == found


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/wp/wp-admin/post.php",
        "/blog/wp-admin/admin-ajax.php",
        "/dev/wp-admin/edit.php",
        "/shell-jackets/",
        "/telnet-guide/",
        "/struts-and-shocks/",
        "/druid/",
        "/jenkins-smith/",
        "/console/",
        "/manager/",
        "/how-to/wp-config-explained/",
        "/about/credentials",
        "/wp-json/wp/v2/users/me?context=edit",
        "/wp-sitemap-users-1.xml",
        "/downloads/site-map.zip",
        "/database-design.zip",
        "/talks/talk.key",
        "/setup/",
        "/readme",
        "/author/jane/",
        "/product/old-shirt",
        "/checkout-guide/",
        "/.well-known/security.txt",
        "/git-tutorial/",
        "/mailchimp/",
        "/~jane/",
        "/env/",
        "/a?page=2&amp;id=5",
        "/a?x=1;id=7",
        "/a?sort=date|id",
        "/a?returnUrl=../account",
        "/a?onload=cb&render=explicit",
        "/a?focus=1",
        "/a?q=union+select+committee",
        "/a?q=javascript:+the+good+parts",
        "/?wc-ajax=get_refreshed_fragments",
        "/a?q=rock+%27n%27+roll",
        "/a?q=don%27t+or+do",
        "/login-help/",
        "/searchlight/",
    ],
)
def test_pages_that_sound_like_it_are_pages(target: str) -> None:
    assert class_of(target) is None


def test_the_more_telling_of_two_counts() -> None:
    asked = {
        ("/a.css", "id=1+union+select+1"): "injection",
        ("/a/../../etc/passwd", "s=x"): "injection",
        ("/", "s=x"): "search",
        ("/wp-login.php", "s=x"): "login",
        ("/", ""): None,
    }
    paths, queries = zip(*asked, strict=True)
    columns = {"path": pa.array(paths), "query": pa.array([query or None for query in queries])}
    assert Classifier().classify(columns)["path_class"].to_pylist() == list(asked.values())


@given(
    st.lists(st.text(max_size=60) | st.sampled_from(["/.env", "/a.css", "/search/", "/login", "..%2f.."]), max_size=20)
)
def test_many_at_once_are_told_as_one_by_one(texts: list[str]) -> None:
    assert path_classes(pa.array(texts, pa.string())) == [path_class_of(text) for text in texts]
    assert query_classes(pa.array(texts, pa.string())) == [query_class_of(text) for text in texts]


def test_nothing_and_endless_text_are_told_too() -> None:
    assert path_classes(pa.array([], pa.string())) == []
    assert path_class_of(None) is None
    assert path_class_of("/" + "a" * 100_000 + ".env") is None, "what lies beyond 2,000 characters is not looked at"
    assert path_class_of("/.env" + "/" * 100_000) == "sensitive_file"
