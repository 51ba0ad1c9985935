"""The demo's server answers history as Prometheus does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from demo import prometheus
from demo.scenario import ALDERFINCH, HARBOURVALE, KESTREL
from demo.uptime import write_uptime
from tests.conftest import CASES

URL = HARBOURVALE.url
OUTAGE = round(HARBOURVALE.unix("2026-08-20T14:06") + 21.045, 3)
"""First failed check of the 47 minutes: the site is checked 21.045 s after each full minute."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("uptime")
    for site in (HARBOURVALE, ALDERFINCH, KESTREL):
        write_uptime(site, folder / "prometheus" / f"{site.id}.npz")
    with prometheus.serve(folder) as url, httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        yield client


def ask(client: httpx.Client, query: str, at: float) -> dict[str, Any]:
    response = client.get("/api/v1/query", params={"query": query, "time": str(at)})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def samples(client: httpx.Client, metric: str, span: str, at: float, url: str = URL) -> list[list[Any]]:
    result = ask(client, f'{metric}{{instance="{url}"}}[{span}]', at)["data"]["result"]
    values: list[list[Any]] = result[0]["values"] if result else []
    return values


def test_the_answer_has_the_shape_of_a_real_one(client: httpx.Client) -> None:
    real = json.loads((CASES / "uptime_prometheus" / "query_raw_matrix.json").read_text())
    made = ask(client, f'probe_success{{instance="{URL}"}}[9m]', OUTAGE)
    assert made["status"] == real["status"]
    assert made["data"]["resultType"] == real["data"]["resultType"]
    (series,), seen = made["data"]["result"], real["data"]["result"][0]
    assert list(series) == list(seen)
    assert list(series["metric"]) == list(seen["metric"])
    assert isinstance(series["values"][0][1], str)


def test_the_window_leaves_its_start_out_and_its_end_in(client: httpx.Client) -> None:
    assert [at for at, _ in samples(client, "probe_success", "2m", OUTAGE)] == [OUTAGE - 60, OUTAGE]
    assert [at for at, _ in samples(client, "probe_success", "2m", OUTAGE - 0.001)] == [OUTAGE - 120, OUTAGE - 60]


@pytest.mark.parametrize(
    ("span", "count"), [("60s", 1), ("5m", 5), ("1h", 60), ("1d", 1440), ("1w", 10_080), ("1h30m", 90)]
)
def test_every_unit_of_a_range_is_known(client: httpx.Client, span: str, count: int) -> None:
    assert len(samples(client, "probe_success", span, OUTAGE)) == count


def test_an_outage_without_an_answer_fails_with_status_0_and_no_certificate(client: httpx.Client) -> None:
    end = OUTAGE + 47 * 60
    assert [value for _, value in samples(client, "probe_success", "49m", end)] == ["1"] + ["0"] * 47 + ["1"]
    assert {value for _, value in samples(client, "probe_http_status_code", "47m", end - 60)} == {"0"}
    assert {value for _, value in samples(client, "probe_duration_seconds", "47m", end - 60)} == {"10"}
    assert samples(client, "probe_ssl_earliest_cert_expiry", "47m", end - 60) == []


def test_an_error_page_fails_with_its_status_and_shows_its_certificate(client: httpx.Client) -> None:
    at = round(ALDERFINCH.unix("2026-07-09T03:30") + 22.045, 3)
    (status,) = samples(client, "probe_http_status_code", "1m", at, ALDERFINCH.url)
    (expiry,) = samples(client, "probe_ssl_earliest_cert_expiry", "1m", at, ALDERFINCH.url)
    assert status == [at, "503"]
    assert expiry[1] == "1791884486"  # 2026-10-13 09:41:26 UTC


def test_time_in_which_nobody_checked_has_no_samples(client: httpx.Client) -> None:
    first, after = (round(KESTREL.unix(day) + 23.045, 3) for day in ("2026-08-10", "2026-08-19"))
    assert samples(client, "probe_success", "9d", after - 60, KESTREL.url) == []
    assert samples(client, "probe_success", "9d1m", after - 60, KESTREL.url) == [[first - 60, "1"]]
    assert samples(client, "probe_success", "1m", after, KESTREL.url) == [[after, "1"]]


@pytest.mark.parametrize(
    "query", ['probe_success{instance="https://other.example/"}[1d]', f'nothing{{instance="{URL}"}}[1d]']
)
def test_what_is_not_there_is_an_empty_matrix(client: httpx.Client, query: str) -> None:
    assert ask(client, query, OUTAGE)["data"] == {"resultType": "matrix", "result": []}


def test_a_query_may_be_posted(client: httpx.Client) -> None:
    query = {"query": f'probe_success{{instance="{URL}"}}[5m]', "time": str(OUTAGE)}
    posted = client.post("/api/v1/query", data=query)
    assert posted.json() == client.get("/api/v1/query", params=query).json()


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"query": ""},
        {"query": 'probe_success{instance="x"}'},
        {"query": 'probe_success{instance="x"}[1y2]'},
        {"query": 'probe_success{job="x"}[1d]'},
        {"query": 'probe_success{instance="x"}[1d]', "time": "noon"},
        {"query": 'probe_success{instance="x"}[1d]', "time": "nan"},
        {"query": 'probe_success{instance="x"}[1d]', "time": "2026-08-01T00:00:00"},
    ],
)
def test_a_bad_query_is_refused_with_bad_data(client: httpx.Client, parameters: dict[str, str]) -> None:
    response = client.get("/api/v1/query", params=parameters)
    assert (response.status_code, response.json()["status"], response.json()["errorType"]) == (400, "error", "bad_data")
    assert response.json()["error"]


def test_another_path_is_not_found(client: httpx.Client) -> None:
    assert client.get("/api/v1/query_range", params={"query": "up"}).status_code == 404
