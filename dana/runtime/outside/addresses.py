"""From a name to the addresses that may be connected to: the answer of the name server is not trusted.

A program that may reach `api.acme.dev` asks for it by name; whoever owns the name decides which address that is,
and could say 127.0.0.1 or 10.0.0.7: machines the program must not reach, from the inside. So a name is resolved
once, here, each address is judged, and the connection goes to that very address.

    an address that is denied                       never
    an address of the public network                yes
    any other (private, loopback, link-local, …)    if the address is granted, or the name itself
                                                    (`internal.acme.dev`, not `*.acme.dev`)
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from ipaddress import IPv4Address, IPv6Address
    from typing import Any

    Address = IPv4Address | IPv6Address


async def resolve(loop: asyncio.AbstractEventLoop, host: str, port: int) -> list[str]:
    """The addresses of a host, best first. Raises OSError."""
    import socket

    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[4][0]) for place in found))


def is_public(address: str) -> bool:
    """Whether an address belongs to the public network, in every form it may be hidden in."""
    from ipaddress import ip_address

    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(each.is_global and not each.is_multicast for each in (found, *carried(found)))


def carried(address: Address) -> list[IPv4Address]:
    """The IPv4 addresses an IPv6 address stands for: mapped, 6to4, Teredo, NAT64."""
    from ipaddress import IPv4Address, IPv6Address, ip_network

    if not isinstance(address, IPv6Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in ip_network("64:ff9b::/96") or address in ip_network("::/96"):
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [each for each in found if each is not None]


def is_named(policy: Any, host: str) -> bool:
    """Whether a grant names this very host, and not only a group it belongs to."""
    from dana.policy.hosts import Pattern, Target

    held = policy.allow.of("net")
    if isinstance(held, bool):
        return False
    name = Target(host).name
    return any(Pattern(text).name == name for text in held)


def judge(program: Any, host: str, port: int, address: str) -> None:
    """Raises `Denied` when the address a host was resolved to must not be connected to."""
    from dana.runtime.exceptions import DeniedFault

    program.policy.address(f"{host}:{port}", address)
    if is_public(address) or is_named(program.policy.policy, host):
        return
    plain = address.partition("%")[0]
    try:
        program.policy.require("net", f"[{plain}]:{port}" if ":" in plain else f"{plain}:{port}")
    except DeniedFault as fault:
        fault._notes = (f"`{host}` is granted, but leads to {plain}, which is no address of the public network",)  # type: ignore[attr-defined]
        raise
