/** `generate-video`: for users of the app, its back end, and its database's webhooks. */

import { withSupabase } from "npm:@supabase/server@1.8.1";

import { ANYBODY, requireCredential } from "../_shared/callers.ts";
import { type Door, forward } from "../_shared/forward.ts";

const DOOR: Door = {
  path: /^\/generate-video$/,
  method: "POST",
  maxBody: 2 * 2 ** 20,
  check: requireCredential,
};

export default {
  fetch: withSupabase(ANYBODY, (request) => forward(request, DOOR)),
};
