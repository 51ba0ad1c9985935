"""What the kept list of bots says too loosely, and the programs that it leaves out: tables for `tasks.bots`.

Found by reading its 1,504 entries and by running them over 36,000 User-Agents of browsers and telephones: a pattern
that many people's requests carry is worse than none.
"""

from __future__ import annotations

import re

TAGS = {
    "scanner": "scanner",
    "ai-crawler": "ai",
    "search-engine": "search",
    "monitoring": "monitoring",
    "seo": "seo",
    "http-library": "library",
    "browser-automation": "library",
}
"""Tags of the list that have a class of ours, the telling ones first; every other tag is `other`."""

BEARS_OUT = {
    "seo": re.compile(
        r"seo|backlink|keyword|serp|rank|majestic|\bmoz\b|webmeup|link (index|profile|analysis)", re.IGNORECASE
    ),
    "monitoring": re.compile(
        r"(?<!media )(?<!brand )(?<!market )(?<!content )(?<!fediverse )(?<!instance )monitor"
        r"|uptime|avail|health|perform|synthetic|status|check|validat|lighthouse|pagetest|complian|certificate|scan",
        re.IGNORECASE,
    ),
}
"""What the list must say of a bot before its tag is believed: these two tags also stand for `not known`."""

CLOSER = {
    # Both feed the answers of an AI, by their operators' own pages.
    r"Amazonbot": "ai",
    r"PerplexityBot\/": "ai",
    # Certificate authorities and checks that the owner of a site asks for: they attack nobody.
    r"Let's Encrypt": "monitoring",
    r"Google-Trust-Services\/": "monitoring",
    r"DigiCert DCV": "monitoring",
    r"CertChief": "monitoring",
    r"SSL Labs$": "monitoring",
    r"SSL Labs \(https:\/\/www\.ssllabs\.com": "monitoring",
    r"Test Certificate Info": "monitoring",
    r"Hardenize": "monitoring",
    r"hstspreload-bot": "monitoring",
    r"SecurityHeaders": "monitoring",
    r"Sucuri": "monitoring",
    r"VaultPress": "monitoring",
    r"WTotem": "monitoring",
    r"Sansec Security Monitor\/": "monitoring",
    r"ProjectShield-UrlCheck": "monitoring",
    r"Cloudflare-SSLDetector": "monitoring",
    r"https:\/\/developers\.cloudflare\.com\/security-center\/": "monitoring",
    r"Cookiebot": "monitoring",
    r"CookieHubScan": "monitoring",
    r"CookieHubVerify": "monitoring",
    r"CookieHub Bot": "monitoring",
    r"CookieYesbot": "monitoring",
    r"cookie-maestro": "monitoring",
    r"iubenda-radar\/": "monitoring",
    r"LegalMonster": "monitoring",
    r"Dratabot": "monitoring",
    r"Do Not Track Verifier": "monitoring",
    # Filters for families, mail and comments look at pages; they look for no hole.
    r"AkismetBot": "other",
    r"CyberPatrol": "other",
    r"Jugendschutzprogramm-Crawler": "other",
    r"K7MLWCBot": "other",
    r"LightspeedSystemsCrawler": "other",
    r"SafeDNSBot": "other",
    r"Unshorten\.It\!": "other",
    r"filterdb\.iss\.net\/crawler": "other",
    r"virustotal": "other",
    r"Feed Image Audit": "other",
    r"antibot": "other",
    # Google's and others' services that index nothing; App Engine is anybody's program.
    r"AppEngine-Google": "library",
    r"APIs-Google": "other",
    r"Google-Certificates-Bridge": "other",
    r"Google-PhysicalWeb": "other",
    r"Google-Read-Aloud": "other",
    r"Google-Safety": "other",
    r"Google-Site-Verification": "other",
    r"PlayStore-Google": "other",
    r"AmazonProductDiscovery": "other",
    r"AmazonSellerInitiatedListing": "other",
    r"StartpagePrivateImageProxy\/": "other",
    r"officestorebot": "other",
    r"ZoomInfo-": "other",
    # Known for what their descriptions leave out.
    r"Bark[rR]owler": "seo",
    r"AppInsights": "monitoring",
    r"Baidu-YunGuanCe": "monitoring",
    r"Cloudflare-Traffic-Manager": "monitoring",
    r"DareBoost": "monitoring",
    r"OnlineOrNot\.com_bot": "monitoring",
    r"Siteimprove\.com": "monitoring",
    r"minicrawler": "monitoring",
    r"FastDAST": "scanner",
    r"ModatScanner": "scanner",
    r"Qualys": "scanner",
}
"""Classes by the pattern of the list, where its tag says too little or too much."""

PEOPLE = {
    r"AP3A\.240617\.008",  # the build of Android 15 on millions of telephones
    r"MetaIAB Facebook",  # the browser within the Facebook app
    r"Amazon CloudFront",  # what CloudFront writes instead of every visitor's User-Agent, by its default policy
    r"Code\/1\.",  # the browser within Visual Studio Code
    r"Fluid",  # makes an application of a web site
}
"""Patterns of the list that requests of people carry."""

NARROWER = {r"Sogou": r"Sogou[ -][\w ]*[sS]pider", r"Viber": r"^Viber"}
"""Patterns of the list that also match a browser of the same maker, with what the bot is known by."""

NAMES = {
    r"yandex\.com\/bots": "YandexBot",
    r"pinterest\.com\/bot": "Pinterestbot",
    r"Y!J": "Yahoo Japan",
    r"S[eE][mM]rushBot": "SemrushBot",
    r"Let's Encrypt": "Let's Encrypt",
    r"https:\/\/developers\.cloudflare\.com\/security-center\/": "Cloudflare Security Center",
    r"developers\.google\.com\/\+\/web\/snippet": "Google Snippet",
    r"collection@infegy\.com": "Infegy",
    r"sindresorhus\/got": "got",
    r"Spider[\s\S]*spider\.com": "Spider.com",
    r"ContextualBot[\s\S]*outcomes\.net": "ContextualBot",
    r"Current[\s\S]*RSS Reader": "Current",
}
"""Names where what a pattern matches is none."""

OWN_NAMES = {
    # https://github.com/coreruleset/coreruleset rules/scanners-user-agents.data, and the tools' own documentation.
    "scanner": """acunetix appscan arachni Assetnote BFAC cmsmap commix dirb DirBuster dirsearch DotDotPwn droopescan
        fimap feroxbuster ffuf Ghauri gobuster havij hydra Invicti ironwasp jaeles jorgee joomscan l9explore
        l9tcpid LFISuite libredtail-http libwhisker masscan morfeus Nessus netsparker nettacker Nikto nmap Nuclei
        OpenVAS Panoptic Qualys QualysGuard shortscan skipfish sqlmap sqlninja SSTIMap sysscan tplmap
        TsunamiSecurityScanner w3af wapiti wfuzz whatwaf whatweb WPProbe wprecon WPScan xsser xsstrike zgrab
        zmap""",
    # Probes of platforms: AWS's ELB-HealthChecker and Amazon-Route53-Health-Check-Service
    # (https://docs.aws.amazon.com/elasticloadbalancing/, /Route53/), Google's GoogleHC, the kubelet's kube-probe.
    "monitoring": """site-upkeep Amazon-Route53-Health-Check-Service ELB-HealthChecker GoogleHC kube-probe Prometheus
        Grafana munin collectd phpservermon DynatraceSynthetic CloudflareDiagnostics Cloudflare-diagnostics
        CloudflareObservatory""",
    # https://docs.mistral.ai/robots, https://www.kimi.com/policies/kimi-crawlers,
    # https://developers.google.com/crawling/docs/crawlers-fetchers/overview-google-crawlers
    "ai": "MistralAI-Index Kimi-User Google-GeminiNotebook",
}
OWN_LIBRARIES = """python-requests Python-urllib python-httpx aiohttp Go-http-client okhttp axios node-fetch GuzzleHttp
    curl Wget libwww-perl lwp-trivial Java Apache-HttpClient PostmanRuntime HTTPie ruby PHP ApacheBench k6 Dart undici
    ReactorNetty restsharp"""
"""What only a User-Agent that begins with it means: a browser may have it anywhere else."""
