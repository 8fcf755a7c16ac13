/**
 * Refusals as HTTP answers: RFC 9457 problem JSON, in the very shape that
 * `functions/problems.py` gives, so that callers need not know who refused.
 */

const MEDIA_TYPE = "application/problem+json";

const TITLES: Record<number, string> = {
  401: "Unauthorized",
  404: "Not Found",
  405: "Method Not Allowed",
  413: "Content Too Large",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  508: "Loop Detected",
};

/** The request is not passed on, or was not answered. `code` is for programs. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(detail);
  }
}

/** The answer to a refusal. */
export function problem({ status, code, message, headers }: Refused): Response {
  const body = { type: "about:blank", title: TITLES[status], status, code };
  return Response.json(
    // Supabase's Python client shows nothing but a member named `error`.
    { ...body, detail: message, error: message },
    { status, headers: { ...headers, "content-type": MEDIA_TYPE } },
  );
}
