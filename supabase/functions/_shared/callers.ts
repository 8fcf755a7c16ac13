/**
 * Who is let through to ask. Never refuses anyone whom the functions would
 * serve: which keys and tokens are good is known over there alone, so that one
 * that is replaced is replaced in one place.
 */

import type { WithSupabaseConfig } from "npm:@supabase/server@1.8.1";

import { Refused } from "./problems.ts";

/**
 * `withSupabase` answers preflights and adds the CORS headers, and that is all
 * that is wanted of it. It also makes a client, which nobody uses here, and
 * fails without a key for it: a project on legacy keys has none.
 */
export const ANYBODY: WithSupabaseConfig = {
  auth: "none",
  env: { publishableKeys: { default: "unused" } },
};

/** Refuse (401) who shows nothing that could be a secret key or a user's token. */
export function requireCredential(headers: Headers): void {
  const authorization = headers.get("authorization") ?? "";
  const [, bearer] = /^bearer +(.+)$/i.exec(authorization) ?? [];
  const shown = [headers.get("apikey"), bearer].filter((value) =>
    // Every copy of the app has this one: supabase-js sends it for visitors.
    value && !value.startsWith("sb_publishable_")
  );
  if (shown.length === 0) {
    throw new Refused(
      401,
      "unauthorized",
      "send a secret key in the apikey header, or a user's access token",
    );
  }
}

/** Refuse (401) what no provider has signed; whether it has, is seen over there. */
export function requireSignature(headers: Headers): void {
  if (!headers.has("x-fal-webhook-signature")) {
    throw new Refused(401, "bad_signature", "the delivery is not signed");
  }
}
