"""Taking in the body of an answer, bounded in size (compressed or not) and in time."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator

import httpx

_PIECE = 64 * 1024
"""Bytes that are decompressed at a time, so that a small body cannot become a large one in memory."""
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


class TooLarge(httpx.DecodingError):
    """The body of an answer passed the bound."""


def taken_in(response: httpx.Response, limit: int, check: Callable[[], None]) -> bytes:
    """The decoded body, at most `limit` bytes; `check` is called before each piece and may raise.

    Raises `TooLarge`, `httpx.DecodingError` for a broken or unasked compression, `httpx.RemoteProtocolError` for a
    body that ends early, and whatever the stream raises. The stream is closed in every case.
    """
    stream = response.stream
    assert isinstance(stream, httpx.SyncByteStream)
    try:
        length = response.headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length[:20]) > limit:
            raise TooLarge("declared too large")
        return _bounded(_decoded(stream, response.headers.get("content-encoding", "")), limit, check)
    finally:
        stream.close()  # and not the response, which the auth flow still reads


def _bounded(pieces: Iterable[bytes], limit: int, check: Callable[[], None]) -> bytes:
    kept, size = [], 0
    for piece in pieces:
        check()
        size += len(piece)
        if size > limit:
            raise TooLarge("too large")
        kept.append(piece)
    return b"".join(kept)


def _decoded(chunks: Iterable[bytes], encoding: str) -> Iterable[bytes]:
    encoding = encoding.strip().lower()
    if encoding in {"", "identity"}:
        return chunks
    if encoding in {"gzip", "x-gzip", "deflate"}:
        return _inflated(chunks)
    raise httpx.DecodingError(f"compressed in a way that was not asked for ({encoding[:20]!r})")


def _inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """gzip (several members too) or zlib, a piece at a time."""
    machine = zlib.decompressobj(_GZIP_OR_ZLIB)
    begun = False
    try:
        for chunk in chunks:
            while chunk:
                if machine.eof:
                    machine = zlib.decompressobj(_GZIP_OR_ZLIB)
                begun = True
                yield machine.decompress(chunk, _PIECE)
                chunk = machine.unused_data if machine.eof else machine.unconsumed_tail
        while begun and not machine.eof and (rest := machine.decompress(b"", _PIECE)):
            yield rest
    except zlib.error:
        raise httpx.DecodingError("broken compression") from None
    if begun and not machine.eof:
        raise httpx.RemoteProtocolError("the compressed body ends early")
