/** `video/<id>`: one video as it is now, for the app's back end and the user whose it is. */

import { withSupabase } from "npm:@supabase/server@1.8.1";

import { ANYBODY, requireCredential } from "../_shared/callers.ts";
import { type Door, forward } from "../_shared/forward.ts";

const DOOR: Door = {
  path: /^\/video\/[0-9a-f-]{36}$/i,
  method: "GET",
  maxBody: 0,
  check: requireCredential,
};

export default {
  fetch: withSupabase(ANYBODY, (request) => forward(request, DOOR)),
};
