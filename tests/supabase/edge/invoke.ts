/**
 * Run by tests as a program of its own: an app's calls through supabase-js,
 * one after the other.
 *
 * Arguments: the project's URL, its publishable key, a user's access token or
 * nothing for a visitor, and the calls as JSON, `[name, options]` each. Prints
 * as JSON the `data` that each came to, or the `error` with its answer.
 */

import { createClient } from "npm:@supabase/supabase-js@2.119.1";

const [url, key, token, calls] = Deno.args;
const supabase = createClient(
  url,
  key,
  token ? { accessToken: () => Promise.resolve(token) } : {},
);

const results = [];
for (const [name, options] of JSON.parse(calls)) {
  const { data, error } = await supabase.functions.invoke(name, options);
  if (error) {
    const answer: Response = error.context;
    const body = await answer.json();
    const type = answer.headers.get("content-type");
    results.push({ error: error.name, status: answer.status, type, body });
  } else {
    results.push({ data });
  }
}
console.log(JSON.stringify(results));
