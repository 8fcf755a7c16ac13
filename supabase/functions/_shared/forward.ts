/**
 * Passes a request on to the Python functions, which run elsewhere, and their
 * answer back: both as streams, byte for byte. It decides who may ask, and how
 * much; what is asked for, it neither reads nor judges.
 */

import { endToEnd, hasPassed, passedOn } from "./headers.ts";
import { problem, Refused } from "./problems.ts";

/** One function, as far as anything is known of it here. */
export interface Door {
  /** The whole path; so narrow that nothing in it leads to another function. */
  path: RegExp;
  method: "GET" | "POST";
  /** Bytes of a body; the function itself would refuse more. */
  maxBody: number;
  /** Throws `Refused` where asking is in vain. */
  check: (headers: Headers) => void;
}

/**
 * Milliseconds for all of it: longer than the functions wait for a slow body
 * (30 s), and less than the 150 s after which the platform hangs up.
 */
const PATIENCE = 60_000;

/** Statuses of answers without a body (Fetch, "null body status"). */
const BODILESS = [204, 205, 304];

/** The functions' answer, or ours where there is none. */
export async function forward(
  request: Request,
  door: Door,
  patience: number = PATIENCE,
): Promise<Response> {
  try {
    return await passOn(request, door, patience);
  } catch (error) {
    if (error instanceof Refused) return problem(error);
    throw error;
  }
}

async function passOn(
  request: Request,
  door: Door,
  patience: number,
): Promise<Response> {
  const address = addressOf(request, door);
  door.check(request.headers);
  const tooMuch = new AbortController();
  // Not `request.signal`: what got this far counts, though its sender hung up.
  const signal = AbortSignal.any([
    tooMuch.signal,
    AbortSignal.timeout(patience),
  ]);
  let answer: Response;
  try {
    answer = await fetch(address, {
      method: door.method,
      headers: passedOn(request.headers),
      body: bounded(request, door.maxBody, tooMuch),
      redirect: "manual",
      signal,
    });
  } catch (reason) {
    throw unanswered(reason);
  }
  // A 304 leads nowhere: the caller has what it asked for.
  if (answer.status >= 300 && answer.status < 400 && answer.status !== 304) {
    // To fal a redirect is a failure for good, and keys are for one host alone.
    await answer.body?.cancel();
    throw new Refused(
      502,
      "redirected",
      "the functions are not where STORYREEL_FUNCTIONS_URL says: they answered with a redirect",
    );
  }
  return new Response(await bodyOf(answer), {
    // Deno writes a 205 without its length, and callers wait for a body.
    status: answer.status === 205 ? 204 : answer.status,
    headers: endToEnd(answer.headers),
  });
}

/** What an answer may not have is not handed on: a `Response` with it is an error, or is waited for in vain. */
async function bodyOf(
  answer: Response,
): Promise<ReadableStream<Uint8Array> | null> {
  if (!BODILESS.includes(answer.status)) return answer.body;
  await answer.body?.cancel();
  return null;
}

function addressOf(request: Request, door: Door): string {
  const { pathname, search } = new URL(request.url);
  // The platform takes this off, and not all that stand in for it do.
  const path = pathname.replace(/^\/functions\/v1/, "");
  if (!door.path.test(path)) {
    throw new Refused(404, "not_found", `there is no function at ${pathname}`);
  }
  if (request.method !== door.method) {
    throw new Refused(
      405,
      "method_not_allowed",
      `${request.method} is not what this function takes`,
      { allow: `${door.method}, OPTIONS` },
    );
  }
  if (hasPassed(request.headers)) {
    throw new Refused(
      508,
      "loop",
      "STORYREEL_FUNCTIONS_URL leads back here; set it to where the Python functions run",
    );
  }
  return functionsUrl() + path + search;
}

function functionsUrl(): string {
  const told = Deno.env.get("STORYREEL_FUNCTIONS_URL")?.trim() ?? "";
  const url = URL.parse(told);
  // Paths are put after it, and `fetch` takes no address with a user.
  const isPlain = url !== null && /^https?:$/.test(url.protocol) &&
    told.slice(url.protocol.length).startsWith("//") &&
    !/[?#]/.test(told) && url.username + url.password === "";
  if (!isPlain) {
    throw new Refused(
      503,
      "not_configured",
      "set where the functions run: supabase secrets set STORYREEL_FUNCTIONS_URL=https://<host>/functions/v1",
    );
  }
  return url.href.replace(/\/+$/, "");
}

/** The body as it comes; past the limit the whole call is given up. */
function bounded(
  request: Request,
  limit: number,
  tooMuch: AbortController,
): ReadableStream<Uint8Array> | null {
  const refusal = new Refused(
    413,
    "too_large",
    `the body may have ${limit} bytes at most`,
  );
  if (Number(request.headers.get("content-length")) > limit) throw refusal;
  let bytes = 0;
  const count = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > limit) tooMuch.abort(refusal);
      else controller.enqueue(chunk);
    },
  });
  return request.body?.pipeThrough(count) ?? null;
}

/** Why there is no answer. 5xx, so that the provider delivers again. */
function unanswered(reason: unknown): Refused {
  if (reason instanceof Refused) return reason;
  if (reason instanceof DOMException && reason.name === "TimeoutError") {
    return new Refused(
      504,
      "too_slow",
      "the functions did not answer in time; try again",
    );
  }
  return new Refused(
    502,
    "unreachable",
    "the functions cannot be reached now; try again",
  );
}
