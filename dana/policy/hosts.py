"""Hosts, addresses and ports: what a program means when it names one, and whether a pattern covers it.

One host has many spellings, and a policy that compares texts is a policy that can be talked around. So a name is
brought into one form first, and what different programs read differently is refused: numbers that look like
addresses (`0x7f.1`, `2130706433`), letters that fold into others (`ａ`, `ß`, `。`), backslashes, blanks.
"""

from __future__ import annotations

from dana.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

    Address = IPv4Address | IPv6Address
    Network = IPv4Network | IPv6Network

PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}
# Letters that the standards of international names turn into different hosts, and dots that are none.
_DEVIANT = "\u00df\u03c2\u200c\u200d\u3002\uff0e\uff61"


class Target:
    """A host as a program asks for it: `name` in its one form, `address` if it is one, `port` or None."""

    __slots__ = ("address", "name", "port")

    def __init__(self, text: str) -> None:
        """`host`, `host:port`, `[v6]:port` or a URL. Raises `ValueError` for what is none."""
        host, self.port = split(text)
        self.address = address_of(host)
        self.name = str(self.address) if self.address is not None else name_of(host)

    def __str__(self) -> str:
        host = f"[{self.name}]" if ":" in self.name else self.name
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine itself, by whatever name."""
        if self.address is not None:
            return self.address.is_loopback or self.address.is_unspecified
        return self.name == "localhost" or self.name.endswith(".localhost")


class Pattern:
    """A rule for hosts: `host`, `*.host`, `*`, an address or a network, each with a port or without."""

    __slots__ = ("address", "name", "network", "port", "suffix")

    def __init__(self, text: str) -> None:
        """Raises `dana.UsageError` for what is no pattern."""
        self.network: Network | None = None
        self.suffix: str | None = None
        self.address: Address | None = None
        self.name = ""
        try:
            self._read(text)
        except ValueError as problem:
            msg = f"{text!r} is no host to grant: {problem}; write host, host:port, *.host or an address"
            raise UsageError(msg) from None

    def _read(self, text: str) -> None:
        if "://" in text:
            target = Target(text)
            msg = f"it is an address of a page; the host in it is {target.name}"
            raise ValueError(msg)
        if "/" in text:
            from ipaddress import ip_network

            try:
                self.network, self.port = ip_network(text), None
            except ValueError as problem:
                msg = str(problem) if "host bits" in str(problem) else "what holds a / is a network, as in 10.0.0.0/8"
                raise ValueError(msg) from None
            return
        host, self.port = split(text)
        if host == "*":
            self.suffix = ""
        elif host.startswith("*."):
            self.suffix = "." + name_of(host[2:])
        else:
            self.address = address_of(host)
            self.name = str(self.address) if self.address is not None else name_of(host)

    @property
    def is_loopback(self) -> bool:
        if self.address is not None:
            return self.address.is_loopback
        return self.name == "localhost"

    def covers(self, target: Target, *, wide: bool) -> bool:
        """Whether the rule covers the target; `wide` (for denials): any other name of this machine too."""
        if self.port is not None and self.port != target.port and not (wide and target.port is None):
            return False
        if self.suffix is not None:
            return not self.suffix or (target.address is None and target.name.endswith(self.suffix))
        if self.network is not None:
            if target.address is not None:
                return target.address in self.network
            return wide and target.is_loopback and self.network.is_loopback
        if target.name == self.name:
            return True
        if not (self.is_loopback and target.is_loopback):
            return False
        # `localhost` may mean either loopback address; a grant for one address is no grant for the name.
        return wide or (self.name == "localhost" and target.name in ("127.0.0.1", "::1"))


def split(text: str) -> tuple[str, int | None]:
    """Host and port of `host`, `host:port`, `[v6]:port`, a bare v6 address or a URL. Raises `ValueError`."""
    if not text or any(c <= " " or c in "\\\x7f" or c.isspace() for c in text):
        msg = "a host holds no blanks, backslashes or control characters"
        raise ValueError(msg)
    default: int | None = None
    scheme, found, rest = text.partition("://")
    if found:
        scheme = scheme.lower()
        if scheme not in PORTS:
            msg = f"{scheme}: is no protocol of the network known here"
            raise ValueError(msg)
        default = PORTS[scheme]
        for sign in "/?#":
            rest = rest.partition(sign)[0]
        text = rest.rpartition("@")[2]  # what stands before the last `@` is a user, however much it looks like a host
    elif any(c in text for c in "/?#@"):
        msg = "a host is a name or an address"
        raise ValueError(msg)
    host, port = _host_and_port(text)
    if not port:
        return host, default
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
        msg = f"{port!r} is no port"
        raise ValueError(msg)
    return host, int(port)


def _host_and_port(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        if not bracket or ":" not in host or (port and port[0] != ":"):
            msg = "the brackets of an address do not fit"
            raise ValueError(msg)
        return host, port[1:]
    if text.count(":") > 1:
        return text, ""
    host, colon, port = text.partition(":")
    if colon and not port:
        msg = "there is no port behind the colon"
        raise ValueError(msg)
    return host, port


def address_of(host: str) -> Address | None:
    """The address a host is written as, a v4 address inside a v6 one as v4; None for a name. Raises `ValueError`."""
    looks_like_v4 = host.rstrip(".").rpartition(".")[2][:1].isdigit()
    if ":" not in host and not looks_like_v4:
        return None
    from ipaddress import IPv6Address, ip_address

    if "%" in host:
        msg = "addresses with a zone are not supported"
        raise ValueError(msg)
    if ":" not in host:
        last = host.rstrip(".").rpartition(".")[2]
        if not (last.isdigit() or last[:2].lower() == "0x"):
            return None
    try:
        found = ip_address(host.removesuffix("."))
    except ValueError:
        msg = f"{host} is no address as addresses are written: 127.0.0.1 or ::1"
        raise ValueError(msg) from None
    if isinstance(found, IPv6Address):
        return found.ipv4_mapped or found
    return found


def name_of(host: str) -> str:
    """A host's name in its one form: small letters, ASCII, no dot at its end. Raises `ValueError`."""
    name = host.removesuffix(".").lower()
    if not name.isascii():
        from unicodedata import normalize

        if normalize("NFKC", name).casefold() != name or any(c in _DEVIANT for c in name):
            msg = f"{host} holds letters that stand for others; write the name as it is registered (xn--…)"
            raise ValueError(msg)
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            msg = f"{host} is no name of a host"
            raise ValueError(msg) from None
    labels = name.split(".")
    if len(name) > 253 or not all(_is_label(label) for label in labels):
        msg = f"{host!r} is no name of a host"
        raise ValueError(msg)
    return name


def _is_label(label: str) -> bool:
    return 0 < len(label) < 64 and all(c.isalnum() or c in "-_" for c in label) and label[0] != "-" != label[-1]
