/** Which headers travel on, and which are of one connection alone. Pure. */

/** What a proxy keeps to itself: RFC 9110, 7.6.1, and the older names. */
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** How we call ourselves in `Via` (RFC 9110, 7.6.3). */
const PSEUDONYM = "storyreel-edge";

/**
 * Those of the request for the functions behind us: all others untouched.
 *
 * `fetch` sets host and length itself. Nothing is to be packed on the way:
 * `fetch` would unpack it, and the answer were no longer the bytes that came.
 */
export function passedOn(headers: Headers): Headers {
  const kept = endToEnd(headers, "host", "content-length", "expect");
  kept.set("accept-encoding", "identity");
  kept.append("via", `1.1 ${PSEUDONYM}`);
  return kept;
}

/** All but those of one connection alone, and but those of these names. */
export function endToEnd(headers: Headers, ...names: string[]): Headers {
  const listed = headers.get("connection")?.toLowerCase().split(",") ?? [];
  const dropped = new Set(
    [...HOP_BY_HOP, ...names, ...listed].map((name) => name.trim()),
  );
  return new Headers([...headers].filter(([name]) => !dropped.has(name)));
}

/** Whether the request has been here already. */
export function hasPassed(headers: Headers): boolean {
  return headers.get("via")?.includes(PSEUDONYM) ?? false;
}
