"""Say what a request is for, by its path and query, where that is telling: a log-in, a file nobody links to, a probe.

What scanners ask for is in the word lists of OWASP CRS (`restricted-files.data`, `lfi-os-files.data`,
https://github.com/coreruleset/coreruleset), in WPScan's and in nuclei's exposure and panel templates
(https://github.com/projectdiscovery/nuclei-templates). A pattern is only taken over where no page of a shop, a blog or
an editor's desk is called so: WordPress may live in `/wp/`, a headline may have "shell" in it. The paths by which
software lets people log in are those of its own documentation.

The patterns are RE2's, which DuckDB and Arrow have: https://github.com/google/re2/wiki/Syntax. Case does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

_BLANK = r"(?:[\s+]|%20|%09|%0[ad]|/\*\*/)"
_INJECTIONS = (
    # Files of the system, and the way up to them; one step up also stands in honest links.
    r"(?:\.\.|%2e%2e|\.%2e|%2e\.)(?:/|%2f|\\|%5c)(?:\.\.|%2e%2e|\.%2e|%2e\.)",
    r"(?:%2e%2e|\.%2e|%2e\.)(?:/|%2f|\\|%5c)|\.\.(?:\\|%5c)",
    r"(?:/|%2f)etc(?:/|%2f)(?:passwd|shadow)|(?:boot|win)\.ini|(?:/|%2f)proc(?:/|%2f)self(?:/|%2f)",
    # Markup where text belongs.
    r"(?:<|%3c)(?:script|svg|img|body|iframe|object|embed|(?:\?|%3f)php)\b|javascript(?::|%3a)[^+%]*(?:\(|%28)",
    r"(?:%[0-9a-f]{2}|[^a-z0-9_&?])on(?:error|load|mouseover|focus)(?:=|%3d)",
    # SQL: what a sentence about a union that selects does not have.
    rf"union{_BLANK}+(?:all{_BLANK}+|distinct{_BLANK}+)?select{_BLANK}+(?:null|[0-9'@*]|%27|[a-z0-9_]+(?:\(|%28|,|%2c))",
    rf"(?:'|%27){_BLANK}*(?:or|and){_BLANK}+(?:'|%27|\d)|\bor{_BLANK}+1(?:=|%3d)1",
    rf";{_BLANK}*drop{_BLANK}+table|%3b{_BLANK}*drop{_BLANK}+table|waitfor{_BLANK}+delay",
    r"\b(?:sleep|benchmark|extractvalue|updatexml)(?:\(|%28)[^&]|information_schema|xp_cmdshell",
    # Commands: "&amp;id=5", "a=1;id=5" and "sort=name|id" are fields, not commands.
    rf"(?:;|%3b|\||%7c|`|%60){_BLANK}*(?:cat|wget|curl|nc|bash|sh|ping){_BLANK}",
    rf"(?:;|%3b|`|%60){_BLANK}*(?:(?:id|whoami|uname)(?:{_BLANK}|`|%60|;|%3b|\||%7c)|(?:whoami|uname)$)",
    r"(?:\$|%24)(?:\(|%28)(?:id|whoami|cat|curl|wget)|(?:\(\)|%28%29)(?:\s|\+|%20)*(?:\{|%7b)",
    r"(?:\$|%24)(?:\{|%7b)jndi|\beval(?:\(|%28)|base64_decode|allow_url_include|invokefunction",
    # Streams of PHP, and the machine that knows a cloud's keys.
    r"(?:php|expect|phar)(?::|%3a)(?:/|%2f){2}|\bdata(?::|%3a)(?:/|%2f){2}text|169\.254\.169\.254",
)

_SENSITIVE = (
    r"/\.(?:env|git|svn|hg|aws|ssh|ds_store|ht(?:access|passwd)|npmrc|dockerenv|docker|vscode|idea|bash_history|netrc|pypirc)",
    r"/\.config(?:/|\.|$)",
    r"\.(?:sql|bak|old|orig|save|swp|swo|dump|mdb|sqlite3?|pem|pfx|p12|kdbx|log)(?:\.(?:gz|zip|bz2|xz))?$|[^/]~$",
    r"/(?:[^/]*\.)?(?:server|private|privkey|ssl|domain|host|www|cert)[^/]*\.key$|/id_(?:rsa|dsa|ecdsa|ed25519)$",
    r"/(?:backup|backups|bak|dump|db|database|site|website|www|public_html|htdocs|html|web|old|wordpress|wp)"
    r"(?:[._-]?\d[\d._-]*)?\.(?:zip|tar|gz|tgz|tar\.gz|tar\.bz2|rar|7z)$|/backups?/[^/]+\.(?:zip|tar|gz|tgz|rar|7z)$",
    r"/(?:phpinfo|php-?info|info|test|php_?test|adminer[^/]*)\.php$|/server-(?:status|info)$",
    r"/(?:web\.config|composer\.(?:json|lock)|package(?:-lock)?\.json|docker-compose\.ya?ml|dockerfile)$",
    r"/(?:credentials|secrets?)\.(?:json|ya?ml|txt|csv|xml|ini)$|/application\.(?:ya?ml|properties)$",
    r"/wp-config(?:[._-][^/]*)?$|/wp-config\.|/configuration\.php[^/]+$|/wp-content/(?:debug\.log|uploads/.*\.php$)",
    r"/vendor/phpunit/|/eval-stdin\.php$",
    r"/(?:config|settings|database|parameters)(?:\.inc)?\.(?:php|ini|ya?ml|json)[._~-][^/]*$",
)
_PROBES = (
    r"/(?:php-?my-?admin[^/]*|pma|myadmin|mysql-?(?:admin|manager)|dbadmin|sqladmin|pgadmin)(?:/|$)",
    r"/cgi-bin/",
    r"/actuator(?:/|$)|/solr/(?:admin|select|$)|/hnap1|/boaform/|/gponform/|/goform/|/setup\.cgi|/_all_dbs|/_cat/indices",
    r"/manager/html|/jmx-console|/invoker/(?:jmx|ejb)|/(?:druid|nacos|geoserver|jenkins|hudson|axis2|wls-wsat|weblogic)/[^/]+",
    r"/(?:owa/auth|ecp/[^/]+\.(?:js|aspx)|autodiscover/|remote/(?:login|fgt_lang)|dana-na/|global-protect/|\+cscoe\+|vpn/\.\.)",
    r"/(?:telescope/requests|_ignition/|_profiler(?:/|$)|debug/default/view|debugbar/|console/login|containers/json|v2/_catalog)",
    r"^/(?:shell|cmd|telnet|sdk|evox/about|reportserver)/?$|/wlwmanifest\.xml$|/stalker_portal/|/streaming/clients_live",
    r"^/(?:core/)?(?:install|setup)(?:/index)?\.php$|^/(?:install|setup)/(?:install|index)?\.?php$|/wp-admin/(?:setup-config|install)\.php",
    r"/(?:old|backup|bak|oldsite|old-wp|wp-old)/(?:wp-admin|wp-login)",
    r"/(?:shell|c99|r57|wso|alfa|alfacgiapi|mini|cmd|up|webshell|1|x|xx|wp-22|radio|0x|gel4y|about\.php7)\.php$",
    r"/(?:readme|license|changelog)\.(?:html|txt|md)$|/wp-content/plugins/[^/]+/readme|/login\.action$|/\.\./",
)
_LOGINS = (
    # https://developer.wordpress.org/advanced-administration/security/brute-force/ and WooCommerce's account page
    r"/wp-login\.php/?$|/my-account/?$|/wp-json/jwt-auth/v1/token/?$",
    # Drupal, Joomla, TYPO3, Contao, Umbraco, Ghost, Magento, Shopware, Craft
    r"/(?:user|users)/login/?$|/administrator(?:/index\.php)?/?$|/typo3(?:/index\.php|/login)?/?$|/(?:contao|umbraco)(?:/login)?/?$",
    r"/ghost/api/admin/session/?$|/customer/account/login(?:post)?/?$|/account/login/?$|/actions/users/login/?$",
    r"/admin(?:/index\.php|/login|/auth/login|/login\.php)?/?$|/users/sign_in/?$",
    r"/(?:login|log-in|logon|signin|sign-in|sign_in|anmelden|anmeldung|connexion|inloggen|iniciar-sesion)(?:\.php|\.aspx?)?/?$",
)
_CHECKOUTS = (
    r"/(?:checkout|cart|basket|payments?|pay|order|kasse|warenkorb|bezahlen|panier|commande|carrito|winkelwagen)(?:/|$|\.)",
    r"/wc/store/|/(?:guest-)?carts/[^/]+/(?:payment-information|order)",
)

_PATHS: Mapping[str, tuple[str, ...]] = {
    "injection": _INJECTIONS,
    "sensitive_file": _SENSITIVE,
    "path_probe": _PROBES,
    "xmlrpc": (r"/xmlrpc\.php/?$",),
    "login": _LOGINS,
    # An editor asks for users/me; the sitemap of authors is meant to be read.
    "user_enumeration": (r"/wp-json/wp/v2/users(?:/?$|/\d)|/author/\d+/?$",),
    "checkout": _CHECKOUTS,
    "static": (r"\.(?:css|js|mjs|map|png|jpe?g|gif|svg|webp|avif|ico|woff2?|ttf|otf|eot|mp4|webm|mp3|pdf)$",),
    "search": (r"/(?:search|suche|recherche|zoeken|buscar)(?:/|$)",),
}
"""Patterns by class, the most telling class first."""

_QUERIES: Mapping[str, tuple[str, ...]] = {
    "injection": _INJECTIONS,
    "login": (r"(?:^|&)q=user(?:/|%2f)login(?:&|$)",),
    "user_enumeration": (
        r"(?:^|&)author=\d+|rest_route=(?:/|%2f)wp(?:/|%2f)v2(?:/|%2f)users(?:/?(?:&|$)|(?:/|%2f)\d)",
    ),
    # Most of what WooCommerce asks this way is no more than a look into the basket.
    "checkout": (r"(?:^|&)wc-ajax=(?:checkout|update_order_review|[^&]*(?:pay|stripe|klarna|order))",),
    "search": (r"(?:^|&)s=",),
}

_PATH = {name: "|".join(patterns) for name, patterns in _PATHS.items()}
_QUERY = {name: "|".join(patterns) for name, patterns in _QUERIES.items()}
CLASSES = tuple(_PATHS)
"""Every class, the most telling one first: of the class of a path and that of its query the first counts."""
_PLAIN = ("search", "static")
"""What so many requests are that they are looked for apart, the more telling one last."""
_LONGEST = 2000


def path_classes(paths: pa.Array) -> list[str | None]:
    """Return `path_class_of` for each of many distinct paths."""
    return _classes(_PATH, paths)


def query_classes(queries: pa.Array) -> list[str | None]:
    """Return `query_class_of` for each of many distinct queries."""
    return _classes(_QUERY, queries)


def _classes(patterns: Mapping[str, str], texts: pa.Array) -> list[str | None]:
    # RE2 takes linear time whatever is sent. Few texts tell anything: only those are asked class by class.
    texts = pc.utf8_slice_codeunits(texts, 0, _LONGEST)
    found: list[str | None] = [None] * len(texts)
    for name in _PLAIN:
        for index in _matching(texts, patterns[name]) if name in patterns else ():
            found[index] = name
    rest = [name for name in patterns if name not in _PLAIN]
    some = _matching(texts, "|".join(patterns[name] for name in rest))
    telling = texts.take(pa.array(some, pa.int64()))
    for name in reversed(rest):
        for index in _matching(telling, patterns[name]):
            found[some[index]] = name
    return found


def _matching(texts: pa.Array, pattern: str) -> list[int]:
    indexes: list[int] = pc.indices_nonzero(pc.match_substring_regex(texts, pattern, ignore_case=True)).to_pylist()
    return indexes


def path_class_of(path: str | None) -> str | None:
    """Return what a path (without its query) is for, or None where it tells nothing.

    One of injection, sensitive_file, path_probe, xmlrpc, login, user_enumeration, checkout, static, search; text beyond
    2,000 characters is not looked at.
    """
    return path_classes(pa.array([path or ""]))[0]


def query_class_of(query: str | None) -> str | None:
    """Return what a query string (without its question mark) tells, or None: as `path_class_of`."""
    return query_classes(pa.array([query or ""]))[0]
