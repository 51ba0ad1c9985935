"""Networks that stand for many: to block one of them is to block everybody behind it.

A log that does not resolve its proxy shows the proxy's address for each visitor. Advice to block such a network would
take the site from the Internet, and a bot behind it would look false. The ranges of CDNs are as their operators publish
them, seen in September 2026; they change once in several years. `trusted_networks` of the configuration adds others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tasks.networks import Ranges, parse_network

_RANGES: Mapping[str, str] = {
    # https://www.iana.org/assignments/iana-ipv4-special-registry/ and -ipv6-: what is routed nowhere is a proxy.
    "a private network": """10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 0.0.0.0/8
        ::/127 fc00::/7 fe80::/10""",
    # https://www.cloudflare.com/ips/
    "Cloudflare": """173.245.48.0/20 103.21.244.0/22 103.22.200.0/22 103.31.4.0/22 141.101.64.0/18 108.162.192.0/18
        190.93.240.0/20 188.114.96.0/20 197.234.240.0/22 198.41.128.0/17 162.158.0.0/15 104.16.0.0/13 104.24.0.0/14
        172.64.0.0/13 131.0.72.0/22
        2400:cb00::/32 2606:4700::/32 2803:f800::/32 2405:b500::/32 2405:8100::/32 2a06:98c0::/29 2c0f:f248::/32""",
    # https://api.fastly.com/public-ip-list
    "Fastly": """23.235.32.0/20 43.249.72.0/22 103.244.50.0/24 103.245.222.0/23 103.245.224.0/24 104.156.80.0/20
        140.248.64.0/18 140.248.128.0/17 146.75.0.0/17 151.101.0.0/16 157.52.64.0/18 167.82.0.0/17 167.82.128.0/20
        167.82.160.0/20 167.82.224.0/20 172.111.64.0/18 185.31.16.0/22 199.27.72.0/21 199.232.0.0/16
        2a04:4e40::/32 2a04:4e42::/32""",
    # https://docs.sucuri.net/website-firewall/sucuri-firewall-troubleshooting-guide/
    "Sucuri": "192.88.134.0/23 185.93.228.0/22 66.248.200.0/22 208.109.0.0/22 2a02:fe80::/29",
    # https://docs.imperva.com/bundle/z-kb-articles-km/page/c85245b7.html
    "Imperva": """199.83.128.0/21 198.143.32.0/19 149.126.72.0/21 103.28.248.0/22 45.64.64.0/22 185.11.124.0/22
        192.230.64.0/18 107.154.0.0/16 45.60.0.0/16 45.223.0.0/16 131.125.128.0/17 2a02:e980::/29""",
    # https://cloud.google.com/load-balancing/docs/firewall-rules
    "Google's load balancers": "130.211.0.0/22 35.191.0.0/16",
}


class SharedNetworks:
    """Says whose network one is, where it stands for many."""

    def __init__(self, trusted: Collection[str] = ()) -> None:
        """Add the ranges of the configuration, which count first.

        Raises:
            ConfigurationError: one of them is no range.
        """
        self._ranges = {
            "trusted_networks of the configuration": Ranges(parse_network(network) for network in trusted),
            **{name: Ranges(parse_network(network) for network in text.split()) for name, text in _RANGES.items()},
        }
        texts = [*trusted, *(network for text in _RANGES.values() for network in text.split())]
        self._all = Ranges(parse_network(network) for network in texts)

    def name_of(self, address: str) -> str | None:
        """Return whose an address is, None where it stands for nobody else or is no address."""
        if address not in self._all:
            return None
        return next(name for name, ranges in self._ranges.items() if address in ranges)

    def protects(self, network: str) -> str | None:
        """Return whose network one is, so that it must not be blocked; None where nothing speaks against it.

        Args:
            network: a range as text; what is none must not be blocked either.
        """
        try:
            return next((name for name, ranges in self._ranges.items() if ranges.overlaps(network)), None)
        except ValueError:
            return "no network"


SHARED = SharedNetworks()
"""Those that every site has."""
