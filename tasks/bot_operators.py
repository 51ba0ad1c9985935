"""Who runs the bots that can be told from those who pose as them, by the operators' own documentation.

Not here, because their operators publish neither ranges for this nor a rule for names: Meta (only its AS number),
Bytespider, SemrushBot, MJ12bot, DotBot. Their claims stay claims.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs bots: their names, where the ranges are published, and what their host names end with."""

    name: str
    bots: tuple[str, ...]
    urls: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    source: str = ""
    """Where the operator says so."""

    @property
    def files(self) -> tuple[str, ...]:
        """Return what the published lists are called in the folder of lists, as `urls`."""
        return tuple(f"{self.name}-{Path(urlsplit(url).path).name}" for url in self.urls)


_GOOGLE = "https://developers.google.com/static/crawling/ipranges/"
_GOOGLE_SAYS = "https://developers.google.com/crawling/docs/crawlers-fetchers/verify-google-requests"
_OPENAI_SAYS = "https://developers.openai.com/api/docs/bots"
_PERPLEXITY_SAYS = "https://docs.perplexity.ai/docs/resources/perplexity-crawlers"
_AMAZON_SAYS = "https://developer.amazon.com/amazonbot"
_MISTRAL_SAYS = "https://docs.mistral.ai/robots"

OPERATORS = (
    # Until March 2026 googlebot.json; Google moves products between the two, and nobody can rent an address of either.
    Operator(
        "google",
        (
            "Googlebot",
            "Googlebot-Image",
            "Googlebot-Mobile",
            "Googlebot-News",
            "Googlebot-Video",
            "Storebot-Google",
            "Google-InspectionTool",
            "Google-CloudVertexBot",
            "GoogleOther",
            "AdsBot-Google",
            "AdsBot-Google-Mobile",
            "APIs-Google",
            "Google-Safety",
            "Mediapartners-Google",
        ),
        (f"{_GOOGLE}common-crawlers.json", f"{_GOOGLE}special-crawlers.json"),
        (".googlebot.com", ".google.com"),
        _GOOGLE_SAYS,
    ),
    # Some of these addresses run what Google's customers wrote: they verify no Googlebot.
    Operator(
        "googlefetchers",
        (
            "Feedfetcher-Google",
            "Google-Read-Aloud",
            "Google-Site-Verification",
            "GoogleProducer",
            "Google-NotebookLM",
            "Google-Agent",
            "GoogleAgent-Mariner",
        ),
        (
            f"{_GOOGLE}user-triggered-fetchers.json",
            f"{_GOOGLE}user-triggered-fetchers-google.json",
            f"{_GOOGLE}user-triggered-agents.json",
        ),
        (".google.com", ".gae.googleusercontent.com"),
        _GOOGLE_SAYS,
    ),
    Operator(
        "bing",
        ("bingbot", "BingPreview", "Adidxbot", "msnbot"),
        ("https://www.bing.com/toolbox/bingbot.json",),
        (".search.msn.com",),
        "https://www.bing.com/webmasters/help/how-to-verify-bingbot-3905dc26",
    ),
    Operator(
        "apple",
        ("Applebot",),
        ("https://search.developer.apple.com/applebot.json",),
        (".applebot.apple.com",),
        "https://support.apple.com/en-us/119829",
    ),
    Operator(
        "duckduckgo",
        ("DuckDuckBot",),
        ("https://duckduckgo.com/duckduckbot.json",),
        (),
        "https://duckduckgo.com/duckduckgo-help-pages/results/duckduckbot",
    ),
    Operator(
        "duckduckgo",
        ("DuckAssistBot",),
        ("https://duckduckgo.com/duckassistbot.json",),
        (),
        "https://duckduckgo.com/duckduckgo-help-pages/results/duckassistbot",
    ),
    Operator("openai", ("GPTBot",), ("https://openai.com/gptbot.json",), (), _OPENAI_SAYS),
    Operator("openai", ("OAI-SearchBot",), ("https://openai.com/searchbot.json",), (), _OPENAI_SAYS),
    Operator("openai", ("ChatGPT-User",), ("https://openai.com/chatgpt-user.json",), (), _OPENAI_SAYS),
    Operator(
        "anthropic",
        ("ClaudeBot", "Claude-User", "Claude-SearchBot"),
        ("https://claude.com/crawling/bots.json",),
        (),
        "https://support.claude.com/en/articles/8896518",
    ),
    Operator(
        "perplexity", ("PerplexityBot",), ("https://www.perplexity.com/perplexitybot.json",), (), _PERPLEXITY_SAYS
    ),
    Operator(
        "perplexity", ("Perplexity-User",), ("https://www.perplexity.com/perplexity-user.json",), (), _PERPLEXITY_SAYS
    ),
    Operator("mistral", ("MistralAI-User",), ("https://mistral.ai/mistralai-user-ips.json",), (), _MISTRAL_SAYS),
    Operator("mistral", ("MistralAI-Index",), ("https://mistral.ai/mistralai-index-ips.json",), (), _MISTRAL_SAYS),
    Operator(
        "amazon",
        ("Amazonbot",),
        ("https://developer.amazon.com/amazonbot/ip-addresses/",),
        (".crawl.amazonbot.amazon",),
        _AMAZON_SAYS,
    ),
    Operator(
        "amazon",
        ("Amzn-SearchBot",),
        ("https://developer.amazon.com/amazonbot/searchbot-ip-addresses/",),
        (),
        _AMAZON_SAYS,
    ),
    Operator(
        "amazon", ("Amzn-User",), ("https://developer.amazon.com/amazonbot/live-ip-addresses/",), (), _AMAZON_SAYS
    ),
    Operator(
        "commoncrawl",
        ("CCBot",),
        ("https://index.commoncrawl.org/ccbot.json",),
        (".crawl.commoncrawl.org",),
        "https://commoncrawl.org/ccbot",
    ),
    Operator(
        "yandex",
        ("YandexBot", "YandexRenderResourcesBot"),
        (),
        (".yandex.ru", ".yandex.net", ".yandex.com"),
        "https://yandex.com/support/webmaster/en/robot-workings/check-yandex-robots",
    ),
    Operator(
        "baidu", ("Baiduspider",), (), (".baidu.com", ".baidu.jp"), "https://help.baidu.com/question?prod_id=99&class=0"
    ),
    Operator(
        "seznam",
        ("SeznamBot", "SeznamHomepageCrawler"),
        (),
        (".seznam.cz",),
        "https://napoveda.seznam.cz/en/seznambot-crawler/",
    ),
    Operator(
        "mojeek",
        ("MojeekBot",),
        ("https://www.mojeek.com/mojeekbot.json",),
        (".mojeek.com",),
        "https://www.mojeek.com/bot.html",
    ),
    Operator(
        "ahrefs",
        ("AhrefsBot", "AhrefsSiteAudit"),
        ("https://api.ahrefs.com/v3/public/crawler-ip-ranges",),
        (".ahrefs.com", ".ahrefs.net"),
        "https://ahrefs.com/robot",
    ),
    Operator(
        "uptimerobot",
        ("UptimeRobot",),
        ("https://api.uptimerobot.com/meta/ips",),
        (),
        "https://uptimerobot.com/help/locations/",
    ),
    Operator(
        "pingdom",
        ("Pingdom",),
        ("https://my.pingdom.com/probes/ipv4", "https://my.pingdom.com/probes/ipv6"),
        (),
        "https://documentation.solarwinds.com/en/success_center/pingdom/content/topics/pingdom-probe-servers-ip-addresses.htm",
    ),
    Operator(
        "betterstack",
        ("Better Uptime Bot", "BetterUptimeBot"),
        ("https://uptime.betterstack.com/ips.txt",),
        (),
        "https://betterstack.com/docs/uptime/frequently-asked-questions/",
    ),
)
"""Operators that say publicly how their bots are told from others."""
