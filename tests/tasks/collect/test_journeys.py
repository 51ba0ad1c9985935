"""Journeys find what is broken and say where, alike in both engines; what can't be known is unknown; no secret is kept."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator

import pytest

from tasks import checking, collecting
from tasks.errors import ConfigurationError
from tasks.journey_browser import NAMES
from tasks.journeys import started
from tasks.sites import parse_sites
from tests import products, wordpress
from tests.shop import PASSWORD, Shop, serving
from warehouse.connection import open_live
from warehouse.publish import publish

HEAD = """
agency: {name: A, contact: a@a.example}
clients: [{id: c, name: C}]
sites:
  - id: shop
    name: Shop
    client: c
    url: URL
    platform: other
    time_zone: UTC
    owner: {name: O, email: o@a.example}
    sources:
      - kind: KIND
        step_seconds: 2
"""
LOGIN = """
        journeys:
          - id: login
            steps:
              - goto: /login
              - fill: {User: demo, Password: {env: SHOP_PASSWORD}}
              - click: Log in
              - expect: {url: /account, text: Hello demo, status: 200}
"""
CORE = (
    LOGIN
    + """
          - id: login-broken
            steps:
              - goto: /login
              - fill: {User: demo, Password: wrong}
              - click: Log in
              - expect: {url: /account, text: Hello demo, within: 1.5}
          - id: search
            steps:
              - goto: /search
              - fill: {"Search for": rye}
              - click: Search
              - expect: {text: 2 results for rye, count: {li: 2}, no_text: Oat}
          - id: contact
            writes: true
            steps:
              - goto: /contact
              - fill: {E-mail: test@example.test, Message: Weekly check}
              - select: {Topic: Cakes}
              - check: Copy to me
              - click: Send
              - expect: {text: We got your message}
          - id: cart
            steps:
              - goto: /product
              - click: Add to cart
              - expect: {url: /cart, text: 1 in your cart}
          - id: missing
            steps:
              - goto: /missing
              - expect: {status: 404}
"""
)
needs_browser = pytest.mark.skipif(
    not any(map(shutil.which, NAMES)), reason="no Chromium is installed: apt-get install chromium"
)
ENGINES = ["journeys_http", pytest.param("journeys_browser", marks=[needs_browser, pytest.mark.slow])]


@pytest.fixture(name="shop")
def _shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
    with serving() as shop:
        yield shop


def collect(settings, kind: str, url: str, text: str, *, step_seconds: int = 2) -> tuple[list, collecting.Report]:
    """Collect once and return the newest run of each journey as dictionaries, and the report."""
    head = HEAD.replace("step_seconds: 2", f"step_seconds: {step_seconds}")
    sites = parse_sites(head.replace("KIND", kind).replace("URL", url) + text, "s")
    collecting.land_configuration(sites, settings)
    report = asyncio.run(collecting.collect(collecting.jobs(sites, settings, [kind])[0]))
    collecting.load_landed(settings)
    rows = ask(settings, "SELECT * FROM raw.journey_run ORDER BY started_at, journey_id")
    return rows, report


def ask(settings, sql: str) -> list[dict]:
    with open_live(settings.warehouse) as con:
        result = con.execute(sql)
        columns = [column[0] for column in result.description]
        return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def steps(*lines: str, name: str = "one") -> str:
    return f"        journeys:\n          - id: {name}\n            steps:\n" + "".join(
        f"              - {line}\n" for line in lines
    )


@pytest.mark.parametrize("kind", ENGINES)
def test_core_functions_are_judged_alike_by_both_engines(settings, shop: Shop, kind: str) -> None:
    # Apart, as it takes all its time twice.
    missing = steps("goto: /contact", "fill: {Website: x}", name="contact-missing")
    collect(settings, kind, shop.url, missing, step_seconds=3)
    rows, report = collect(settings, kind, shop.url, CORE, step_seconds=10)
    assert {
        row["journey_id"]: (row["outcome"], row["cause"], row["failed_step"], row["attempt_count"]) for row in rows
    } == {
        "login": ("passed", None, None, 1),
        "login-broken": ("failed", "wrong_address", 4, 2),
        "search": ("passed", None, None, 1),
        "contact-missing": ("failed", "field_missing", 2, 2),
        "contact": ("passed", None, None, 1),
        "cart": ("passed", None, None, 1),
        "missing": ("passed", None, None, 1),
    }
    assert shop.mails == ["2/yes: Weekly check"]
    assert report.outcome.state == "complete"
    found = ask(
        settings,
        "SELECT number, action, target, outcome FROM raw.journey_step WHERE journey_id = 'login-broken' ORDER BY number",
    )
    assert [tuple(row.values()) for row in found] == [
        (1, "goto", "/login", "passed"),
        (2, "fill", "User, Password", "passed"),
        (3, "click", "Log in", "passed"),
        (4, "expect", "url /account, text Hello demo", "failed"),
    ]
    (day,) = ask(settings, "SELECT * FROM marts.journey_day WHERE journey_id = 'login'")
    assert (day["run_count"], day["passed_count"], day["unknown_count"]) == (1, 1, 0)
    assert day["coverage_ratio"] == pytest.approx(3600 / 86_400)


@pytest.mark.parametrize("kind", ENGINES)
def test_a_broken_contact_form_is_found_and_never_sent_twice(settings, shop: Shop, kind: str) -> None:
    shop.is_contact_broken = True
    rows, _ = collect(
        settings,
        kind,
        shop.url,
        steps(
            "goto: /contact",
            "fill: {Message: Weekly check}",
            "click: Send",
            "expect: {text: We got your message, within: 1.5}",
            "goto: /",
        ).replace("            steps", "            writes: true\n            steps"),
        step_seconds=10,
    )
    (row,) = rows
    assert (row["outcome"], row["cause"], row["failed_step"], row["attempt_count"], row["status"]) == (
        "failed",
        "text_missing",
        4,
        1,
        500,
    )
    assert sum(line.startswith("POST") for line in shop.asked) == 1
    assert ask(settings, "SELECT outcome FROM raw.journey_step WHERE number = 5") == [{"outcome": "not_run"}]
    kept = json.loads((settings.evidence / row["details_file"]).read_text())
    assert (kept["title"], kept["status"], kept["url"]) == ("Contact", 500, shop.url + "contact")
    if kind == "journeys_browser":
        assert any("SMTP is down" in line for line in kept["console_errors"])
        assert row["console_error_count"] >= 1
        assert row["screenshot_file"].startswith("journeys/shop/")
        assert (settings.evidence / row["screenshot_file"]).read_bytes().startswith(b"\x89PNG")
    else:
        assert (row["screenshot_file"], row["console_error_count"]) == (None, None)


def test_a_failure_that_does_not_come_again_is_a_flaky_pass(settings, shop: Shop) -> None:
    shop.fails = 1
    (row,), _ = collect(
        settings, "journeys_http", shop.url, steps("goto: /search", "expect: {status: 200, within: 0.1}")
    )
    assert (row["outcome"], row["attempt_count"]) == ("passed", 2)
    assert ask(settings, "SELECT flaky_count FROM marts.journey_day") == [{"flaky_count": 1}]


@pytest.mark.parametrize("kind", ENGINES)
def test_a_secret_is_in_no_row_and_no_file(settings, shop: Shop, kind: str, caplog, capfd) -> None:
    text = steps(
        "goto: /echo", "fill: {Password: {env: SHOP_PASSWORD}}", "click: Go", "expect: {text: never, within: 1.5}"
    )
    (row,), report = collect(settings, kind, shop.url, text, step_seconds=10)
    assert (row["outcome"], row["cause"], row["page_title"]) == ("failed", "text_missing", "[redacted]")
    assert row["screenshot_file"] is None, "the page shows the secret"
    kept = [path.read_bytes() for path in settings.var.rglob("*") if path.is_file()]
    said = f"{ask(settings, 'SELECT * FROM raw.journey_run')}{ask(settings, 'SELECT * FROM raw.journey_step')}{report}"
    said += caplog.text + "".join(capfd.readouterr())
    for form in (PASSWORD, PASSWORD.replace(" ", "+"), "s3cret"):
        assert not [content for content in kept if form.encode() in content]
        assert form not in said


@pytest.mark.parametrize("kind", ENGINES)
def test_a_private_address_is_not_asked(settings, shop: Shop, kind: str) -> None:
    with serving() as other:
        shop.elsewhere = other.url.replace("127.0.0.1", "localhost")
        (row,), report = collect(settings, kind, shop.url, steps("goto: /away"))
        assert (row["outcome"], row["cause"]) == ("unknown", "address_refused")
        assert report.outcome.state == "failed"
        assert other.asked == []
        if kind == "journeys_browser":
            return  # starting another costs seconds
        rows, _ = collect(settings, kind, shop.url, "        private_hosts: [localhost]\n" + steps("goto: /away"))
        assert rows[-1]["outcome"] == "passed"
        assert other.asked[:1] == ["GET /"]


@needs_browser
@pytest.mark.slow
def test_a_failure_is_told_by_the_host_that_failed_last_in_a_redirect(settings, shop: Shop) -> None:
    """The browser asks for hosts of its own too, whose failures are none of the page's."""
    shop.elsewhere = "http://localhost:8999/"
    text = "        journeys:\n" + "".join(
        f"          - {{id: j{number}, steps: [{{goto: '{url}'}}]}}\n"
        for number, url in enumerate(["/away", "http://nowhere.invalid/", "/away"])
    )
    rows, _ = collect(settings, "journeys_browser", shop.url, text)
    assert [row["cause"] for row in rows] == ["address_refused", "no_answer", "address_refused"]


def test_a_site_that_is_down_has_failed_and_a_file_is_no_page(settings, shop: Shop) -> None:
    (row,), _ = collect(settings, "journeys_http", shop.url, steps("goto: /download"))
    assert (row["outcome"], row["cause"]) == ("failed", "download")
    rows, _ = collect(settings, "journeys_http", "http://127.0.0.1:9/", steps("goto: /"))
    assert (rows[-1]["outcome"], rows[-1]["cause"]) == ("failed", "no_answer")


def test_a_page_that_never_comes_is_too_slow(settings, shop: Shop) -> None:
    text = steps("goto: /hang", "expect: {status: 200}")
    (row,), _ = collect(settings, "journeys_http", shop.url, "        journey_seconds: 0.7\n" + text)
    assert (row["outcome"], row["cause"], row["failed_step"]) == ("failed", "too_slow", 1)


def test_a_button_that_is_not_there_has_failed(settings, shop: Shop) -> None:
    (row,), _ = collect(settings, "journeys_http", shop.url, steps("goto: /", "click: Buy"))
    publish(settings.warehouse, settings.snapshot)  # every data check holds
    assert (row["outcome"], row["cause"], row["failed_step"]) == ("failed", "button_missing", 2)


def test_a_secret_that_is_not_there_makes_the_journey_unknown(settings, shop: Shop, monkeypatch) -> None:
    monkeypatch.delenv("SHOP_PASSWORD")
    (row,), report = collect(settings, "journeys_http", shop.url, LOGIN)
    assert (row["outcome"], row["cause"], row["total_ms"]) == ("unknown", "secret_missing", None)
    assert "SHOP_PASSWORD is not set" in row["message"]
    assert report.outcome.state == "failed"
    assert shop.asked == []


def test_no_browser_is_unknown_with_the_way_to_mend_it(settings, shop: Shop) -> None:
    text = "        browser: no-such-browser\n" + steps("goto: /", "goto: /search")
    (row,), report = collect(settings, "journeys_browser", shop.url, text)
    assert (row["outcome"], row["cause"], row["screenshot_file"]) == ("unknown", "browser_missing", None)
    assert row["message"] == "There is no browser no-such-browser: mend the option browser."
    assert (report.outcome.state, shop.asked) == ("failed", [])
    outcomes = [row["outcome"] for row in ask(settings, "SELECT outcome FROM raw.journey_step ORDER BY number")]
    assert outcomes == ["unknown", "not_run"]


def test_a_button_that_only_a_script_serves_is_unknown_without_a_browser(settings, shop: Shop, monkeypatch) -> None:
    from tests.shop import Handler, page

    monkeypatch.setattr(Handler, "page_", lambda self, *_: self._send(page("x", "<button onclick='go()'>Go</button>")))
    (row,), _ = collect(settings, "journeys_http", shop.url, steps("goto: /", "click: Go"))
    assert (row["outcome"], row["cause"]) == ("unknown", "needs_browser")


def test_check_tries_what_writes_nothing_and_stores_nothing(settings, shop: Shop) -> None:
    sites = parse_sites(HEAD.replace("KIND", "journeys_http").replace("URL", shop.url) + CORE, "s")
    ((*_, works, text),) = asyncio.run(checking.check_sources(sites, settings, None))
    assert works == "yes"
    assert text.startswith("4 of 5 journeys passed; login-broken failed: at /login, status 401; expected /account")
    assert text.endswith("contact not tried: it writes")
    assert (shop.mails, settings.evidence.exists()) == ([], False)


@pytest.mark.slow
@needs_browser
def test_pages_that_misbehave_hold_nothing_up(settings, shop: Shop) -> None:
    text = (
        steps("goto: /script", "expect: {text: Made by a script}", name="script")
        + steps("goto: /endless", "expect: {text: Loaded enough}", name="endless").split("\n", 1)[1]
        + steps("goto: /dialogs", "expect: {text: Past the dialogs}", "goto: /search", name="dialogs").split("\n", 1)[1]
        + steps("goto: /loads_private", "expect: {text: refused}", name="private").split("\n", 1)[1]
        + steps("goto: /hostile", "expect: {text: never, within: 1.5}", name="hostile").split("\n", 1)[1]
        + steps("goto: /burn", "expect: {text: never, within: 0.5}", name="burn").split("\n", 1)[1]
        + steps("goto: /search", "expect: {status: 200}", name="zz-last").split("\n", 1)[1]
    )
    with serving() as other:
        shop.elsewhere = other.url.replace("127.0.0.1", "localhost")
        rows, _ = collect(settings, "journeys_browser", shop.url, text, step_seconds=6)
        assert other.asked == []
    found = {row["journey_id"]: (row["outcome"], row["cause"]) for row in rows}
    # A page that never yields: whether it or its text is late depends on when the machine let it start.
    assert found.pop("burn") in {("failed", "too_slow"), ("failed", "text_missing")}
    assert found == {
        "script": ("passed", None),
        "endless": ("passed", None),
        "dialogs": ("passed", None),
        "private": ("passed", None),
        "hostile": ("failed", "text_missing"),
        "zz-last": ("passed", None),
    }
    hostile = next(row for row in rows if row["journey_id"] == "hostile")
    assert hostile["page_title"].isprintable()
    assert len(hostile["page_title"]) <= 120
    kept = json.loads((settings.evidence / hostile["details_file"]).read_text())
    assert all(line.isprintable() and len(line) <= 300 for line in kept["console_errors"])


@pytest.mark.slow
@needs_browser
def test_a_page_that_crashes_is_unknown_and_the_next_one_runs(shop: Shop) -> None:
    from tasks.journey_browser import opened
    from tasks.journey_run import run_journey
    from tasks.journeys import Journey

    async def run() -> list[tuple[str, str | None]]:
        found = []
        async with opened(None, ["127.0.0.1"], 10) as open_page:
            for address in ("crash", "fine"):
                journey = Journey.model_validate(
                    {"id": "one", "steps": [{"goto": "/"}, {"expect": {"text": "Fresh bread"}}]}
                )
                if address == "crash":
                    # No page may ask for this address itself: it stands for a renderer that dies.
                    object.__setattr__(journey.steps[0], "goto", "chrome://crash")
                result = await run_journey(journey, open_page, None, base=shop.url, step_seconds=10)
                found.append((result.outcome, result.last.cause if result.last else None))
        return found

    assert asyncio.run(run()) == [("unknown", "browser_crashed"), ("passed", None)]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            ("goto: /", "clik: Buy"),
            "s:18: sites.0.sources.0.journeys.0.steps.1.clik: unknown key, did you mean 'click'?; allowed: goto, fill, select, check, click, expect.",
        ),
        (
            ("goto: /", "{goto: /, click: Buy}"),
            "s:18: sites.0.sources.0.journeys.0.steps.1: the step holds goto and click; a step is exactly one of goto, fill, select, check, click, expect.",
        ),
        (("goto: login",), "'login' is no path or address without a user; write it as /login."),
        (("goto: //evil.example/",), "is no path or address"),
        (("goto: http://u:p@x.example/",), "is no path or address"),
        (("click: Buy",), "the first step is to be goto."),
        (
            ("goto: /", "expect: {within: 3}"),
            "expects nothing; give at least one of url, text, no_text, status, count.",
        ),
        (("goto: /", "fill: {Password: {envv: X}}"), "unknown key, did you mean 'env'?"),
        (("goto: /", "expect: {txt: x}"), "unknown key, did you mean 'text'?"),
    ],
)
def test_a_mistake_in_a_journey_is_one_sentence_with_its_line(lines, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_sites(
            HEAD.strip("\n").replace("KIND", "journeys_http").replace("URL", "http://x.example/")
            + "\n"
            + steps(*lines),
            "s",
        )
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("        starter: wordpress\n        parameters: {serch: x}", "unknown parameter 'serch', did you mean 'search'?"),
        ("        parameters: {search: x}", "parameters are for a starter; name one"),
        ("        every_seconds: 60", "there is no journey; give journeys, or a starter and its parameters"),
        ("        starter: wordpres", "did you mean 'wordpress'?"),
        ("        starter: wordpress\n        parameters: {search: {env: X}, search_result: y}", "the parameter 'search' is to be text"),
        ("        starter: drupal\n" + steps("goto: /", name="login-page"), "the journey 'login-page' stands twice"),
    ],
)  # fmt: skip
def test_a_mistake_with_a_starter_is_said(text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_sites(HEAD.replace("KIND", "journeys_http").replace("URL", "http://x.example/") + text, "s")
    assert sentence in str(caught.value)


@pytest.mark.parametrize("name", ["wordpress", "woocommerce", "drupal"])
def test_a_starter_makes_the_journeys_whose_parameters_are_given(name: str) -> None:
    from tasks.contracts import SecretReference

    few = [journey.id for journey in started(name, {})]
    assert "login-page" in few
    assert not {"login", "search", "cart", "contact-form"} & set(few)
    words = {"user": "demo", "password": SecretReference(env="X"), "search": "rye", "search_result": "Rye bread"}
    more = {"contact_path": "/contact/"} if name != "woocommerce" else {}
    more |= {"product_path": "/rye/", "product_name": "Rye"} if name != "wordpress" else {}
    made = {journey.id: journey for journey in started(name, words | more)}
    wanted = (
        {"login", "search"}
        | ({"contact-form"} if name != "woocommerce" else set())
        | ({"cart"} if name != "wordpress" else set())
    )
    assert wanted <= made.keys()
    assert SecretReference(env="X") in made["login"].steps[1].fill.values()
    assert all(journey.writes == (journey.id == "contact-form") for journey in made.values())


@pytest.fixture(name="blog", scope="module")
def _blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with wordpress.serving(tmp_path_factory.mktemp("wordpress")) as url:
        yield url


@wordpress.needs_wordpress
@pytest.mark.slow
@pytest.mark.parametrize("kind", ENGINES)
def test_the_starter_of_wordpress_finds_its_way_in_a_real_one(settings, blog: str, monkeypatch, kind: str) -> None:
    monkeypatch.setenv("CHECKER", wordpress.PASSWORD)
    given = f"user: {wordpress.USER}, password: {{env: CHECKER}}, search: hello, search_result: Hello world!"
    text = f"        starter: wordpress\n        parameters: {{{given}}}\n"
    rows, _ = collect(settings, kind, blog, text, step_seconds=10)
    assert {row["journey_id"]: row["outcome"] for row in rows} == dict.fromkeys(
        ("login-page", "login", "search"), "passed"
    )
    rows, _ = collect(settings, kind, blog, text.replace(wordpress.USER, "nobody").replace("world!", "moon!"))
    assert {row["journey_id"]: (row["outcome"], row["cause"]) for row in rows[3:]} == {
        "login-page": ("passed", None),
        "login": ("failed", "wrong_address"),
        "search": ("failed", "text_missing"),
    }


@pytest.fixture(name="product")
def _product() -> Iterator[products.Product]:
    with products.serving() as product:
        yield product


WOOCOMMERCE = (
    f"        starter: woocommerce\n        parameters: {{user: {products.USER}, password: {{env: CHECKER}}, search: rye,"
    f" search_result: {products.PRODUCT}, product_path: /product/rye/, product_name: {products.PRODUCT}}}\n"
)
DRUPAL = (
    f"        starter: drupal\n        parameters: {{user: {products.USER}, password: {{env: CHECKER}},"
    f" search: rye, search_result: {products.PRODUCT}, contact_path: /contact}}\n"
)


@pytest.mark.parametrize("kind", ENGINES)
def test_the_starter_of_woocommerce_fits_the_markup_of_its_templates(settings, product, monkeypatch, kind: str) -> None:
    monkeypatch.setenv("CHECKER", products.PASSWORD)
    ids = ("shop", "login-page", "login", "search", "cart", "checkout-page")
    rows, _ = collect(settings, kind, product.url, WOOCOMMERCE, step_seconds=5)
    assert {row["journey_id"]: row["outcome"] for row in rows} == dict.fromkeys(ids, "passed")
    product.is_cart_broken = True
    monkeypatch.setenv("CHECKER", "wrong")
    rows, _ = collect(settings, kind, product.url, WOOCOMMERCE)
    failed = {row["journey_id"]: row["cause"] for row in rows[len(ids) :] if row["outcome"] == "failed"}
    assert failed == {"login": "text_missing", "cart": "wrong_count", "checkout-page": "wrong_address"}


@needs_browser
@pytest.mark.slow
def test_a_cart_that_scripts_draw_is_waited_for(settings, product, monkeypatch) -> None:
    monkeypatch.setenv("CHECKER", products.PASSWORD)
    product.is_block = True
    rows, _ = collect(settings, "journeys_browser", product.url, WOOCOMMERCE, step_seconds=5)
    assert {row["outcome"] for row in rows} == {"passed"}


@pytest.mark.parametrize("kind", ENGINES)
def test_the_starter_of_drupal_fits_the_markup_of_its_forms(settings, product, monkeypatch, kind: str) -> None:
    monkeypatch.setenv("CHECKER", products.PASSWORD)
    rows, _ = collect(settings, kind, product.url, DRUPAL, step_seconds=5)
    ids = ("login-page", "login", "search", "contact-form")
    assert {row["journey_id"]: row["outcome"] for row in rows} == dict.fromkeys(ids, "passed")
    assert [message["mail"] for message in product.messages] == ["check@site-upkeep.invalid"]
    monkeypatch.setenv("CHECKER", "wrong")
    rows, _ = collect(settings, kind, product.url, DRUPAL.replace("rye", "moon"))
    failed = {row["journey_id"]: row["cause"] for row in rows[len(ids) :] if row["outcome"] == "failed"}
    assert failed == {"login": "wrong_count", "search": "text_missing"}
