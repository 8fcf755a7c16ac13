/** `video-webhook/<render>/<tag>`: the provider's deliveries, which it repeats until they are answered 2xx. */

import { withSupabase } from "npm:@supabase/server@1.8.1";

import { ANYBODY, requireSignature } from "../_shared/callers.ts";
import { type Door, forward } from "../_shared/forward.ts";

const DOOR: Door = {
  path: /^\/video-webhook\/[0-9a-f-]{36}\/[0-9a-f]{32}$/i,
  method: "POST",
  maxBody: 2 ** 20,
  check: requireSignature,
};

export default {
  fetch: withSupabase(ANYBODY, (request) => forward(request, DOOR)),
};
