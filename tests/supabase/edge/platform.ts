/**
 * Stands in for Supabase's edge: hands each request to the function that its
 * path names, without `/functions/v1`, and takes new secrets at `/secrets`.
 *
 * Unlike the platform it serves all functions in one process, and bounds
 * neither their time nor their memory.
 */

import { withSupabase } from "npm:@supabase/server@1.8.1";

import { ANYBODY } from "./supabase/functions/_shared/callers.ts";
import { forward } from "./supabase/functions/_shared/forward.ts";
import generateVideo from "./supabase/functions/generate-video/index.ts";
import video from "./supabase/functions/video/index.ts";
import videoWebhook from "./supabase/functions/video-webhook/index.ts";

/** A forwarder that waits no time at all. */
const impatient = {
  fetch: withSupabase(ANYBODY, (request) => {
    const door = {
      path: /^\/impatient$/,
      method: "POST",
      maxBody: 0,
      check: () => {},
    } as const;
    return forward(request, door, 1);
  }),
};

const FUNCTIONS: Record<
  string,
  { fetch: (request: Request) => Promise<Response> }
> = {
  "generate-video": generateVideo,
  video,
  "video-webhook": videoWebhook,
  impatient,
};

async function serve(request: Request): Promise<Response> {
  const url = new URL(request.url);
  if (url.pathname === "/secrets") {
    const secrets: Record<string, string> = await request.json();
    for (const [name, value] of Object.entries(secrets)) {
      Deno.env.set(name, value);
    }
    return new Response();
  }
  url.pathname = url.pathname.replace(/^\/functions\/v1/, "");
  const named = FUNCTIONS[url.pathname.split("/")[1]];
  return await named?.fetch(new Request(url, request)) ??
    new Response(null, { status: 404 });
}

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(port),
}, serve);
