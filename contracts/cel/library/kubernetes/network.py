"""Kubernetes' IP and CIDR libraries."""

from __future__ import annotations

import ipaddress
from typing import Any

from contracts.cel.errors import CelError
from contracts.cel.functions import function, method
from contracts.cel.values.cel_values import Opaque

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
MAX_LENGTH = 64
Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface


class IPValue(Opaque):
    __slots__ = ("address",)
    cel_type = "net.IP"

    def __init__(self, address: Address) -> None:
        self.address = address

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IPValue) and self.address == other.address

    def __hash__(self) -> int:
        return hash(("ip", self.address))


class CIDRValue(Opaque):
    """An address with a prefix length; the address may have host bits, as in ``10.1.2.3/8``."""

    __slots__ = ("interface",)
    cel_type = "net.CIDR"

    def __init__(self, interface: Interface) -> None:
        self.interface = interface

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CIDRValue) and self.interface == other.interface

    def __hash__(self) -> int:
        return hash(("cidr", self.interface))


def parse_ip(text: str) -> Address | None:
    """None for an invalid address, an address with a zone, or an IPv4-mapped IPv6 address."""
    if len(text) > MAX_LENGTH or "%" in text:
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return None
    return address


def parse_cidr(text: str) -> Interface | None:
    """None unless the string is ``address/length``, with a decimal length without leading zeros."""
    if len(text) > MAX_LENGTH:
        return None
    address, slash, length = text.partition("/")
    if not slash or not (length.isascii() and length.isdigit()) or (length[0] == "0" and length != "0"):
        return None
    if parse_ip(address) is None:
        return None
    try:
        return ipaddress.ip_interface(text)
    except ValueError:
        return None


def canonical(address: Address) -> str:
    return str(address)


@function("ip(string): net.IP")
def ip(text: str) -> IPValue:
    address = parse_ip(text)
    if address is None:
        raise CelError("ip(): the string is not an IP address")
    return IPValue(address)


@function("isIP(string): bool")
def is_ip(text: str) -> bool:
    return parse_ip(text) is not None


@function("ip.isCanonical(string): bool")
def is_canonical(text: str) -> bool:
    return canonical(ip(text).address) == text


@function("cidr(string): net.CIDR")
def cidr(text: str) -> CIDRValue:
    interface = parse_cidr(text)
    if interface is None:
        raise CelError("cidr(): the string is not an address range")
    return CIDRValue(interface)


@function("isCIDR(string): bool")
def is_cidr(text: str) -> bool:
    return parse_cidr(text) is not None


@function("string(net.IP): string")
def string_of_ip(value: IPValue) -> str:
    return canonical(value.address)


@function("string(net.CIDR): string")
def string_of_cidr(value: CIDRValue) -> str:
    return str(value.interface)


@method("net.IP.family(): int")
def family(value: IPValue) -> int:
    return value.address.version


@method("net.IP.isUnspecified(): bool")
def is_unspecified(value: IPValue) -> bool:
    return value.address.is_unspecified


@method("net.IP.isLoopback(): bool")
def is_loopback(value: IPValue) -> bool:
    return value.address.is_loopback


@method("net.IP.isLinkLocalMulticast(): bool")
def is_link_local_multicast(value: IPValue) -> bool:
    packed = value.address.packed
    if value.address.version == 4:
        return packed[:3] == b"\xe0\x00\x00"
    return packed[0] == 0xFF and packed[1] & 0x0F == 0x02


@method("net.IP.isLinkLocalUnicast(): bool")
def is_link_local_unicast(value: IPValue) -> bool:
    packed = value.address.packed
    if value.address.version == 4:
        return packed[:2] == b"\xa9\xfe"
    return packed[0] == 0xFE and packed[1] & 0xC0 == 0x80


@method("net.IP.isGlobalUnicast(): bool")
def is_global_unicast(value: IPValue) -> bool:
    """As in Go: any unicast address that is not link-local, private ranges included."""
    address = value.address
    broadcast = address.version == 4 and address.packed == b"\xff\xff\xff\xff"
    return not (
        broadcast
        or address.is_unspecified
        or address.is_loopback
        or address.is_multicast
        or is_link_local_unicast(value)
    )


def _contains(outer: CIDRValue, inner: Any) -> bool:
    network = outer.interface.network
    return bool(inner.version == network.version and inner in network)


@method("net.CIDR.containsIP(net.IP): bool")
def contains_ip(value: CIDRValue, other: IPValue) -> bool:
    return _contains(value, other.address)


@method("net.CIDR.containsIP(string): bool")
def contains_ip_text(value: CIDRValue, other: str) -> bool:
    return _contains(value, ip(other).address)


@method("net.CIDR.containsCIDR(net.CIDR): bool")
def contains_cidr(value: CIDRValue, other: CIDRValue) -> bool:
    inner = other.interface.network
    return _contains(value, inner.network_address) and inner.prefixlen >= value.interface.network.prefixlen


@method("net.CIDR.containsCIDR(string): bool")
def contains_cidr_text(value: CIDRValue, other: str) -> bool:
    return contains_cidr(value, cidr(other))


@method("net.CIDR.ip(): net.IP")
def ip_of(value: CIDRValue) -> IPValue:
    return IPValue(value.interface.ip)


@method("net.CIDR.masked(): net.CIDR")
def masked(value: CIDRValue) -> CIDRValue:
    return CIDRValue(ipaddress.ip_interface(str(value.interface.network)))


@method("net.CIDR.prefixLength(): int")
def prefix_length(value: CIDRValue) -> int:
    return value.interface.network.prefixlen
