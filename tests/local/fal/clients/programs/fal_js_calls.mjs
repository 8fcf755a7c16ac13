// Run by tests as a program of its own: the calls of fal's unmodified JavaScript client.
//
// argv: how the client is pointed (`names`, `proxyUrl` or `requestMiddleware`), the emulator's URL for the latter
// two, the webhook URL, and the calls to make, none for all. It makes them one after the other and prints, as JSON,
// the `value` each came to or how it `raised`.

import { createRequire } from "node:module";

const require = createRequire(new URL("../../../../node/package.json", import.meta.url));
const { createFalClient } = require("@fal-ai/client");
const { EnvHttpProxyAgent, WebSocket: UndiciWebSocket, setGlobalDispatcher } = require("undici");

// Node's fetch and WebSocket heed HTTPS_PROXY only so, and older Nodes have no WebSocket of their own
setGlobalDispatcher(new EnvHttpProxyAgent());
globalThis.WebSocket = UndiciWebSocket;

const VIDEO = "fal-ai/fast-animatediff/turbo/text-to-video";
const PICTURE = "fal-ai/fast-lcm-diffusion";
const FOX = { prompt: "a fox", seed: 3 };
const LONG = { prompt: "a long film", seed: 3 }; // the emulator works on it for LASTS seconds, unless told to stop
const LASTS = 600;
const PLACES = 2;
const POLL = 20; // milliseconds
const PATIENCE = 20_000; // milliseconds for a call
const PART = 10 * 1024 * 1024; // bytes, as the client cuts an upload of more than nine of them

const [pointing, emulator, webhookUrl, ...wanted] = process.argv.slice(2);

const HOSTS = { "queue.fal.run": "queue", "fal.run": "run", "rest.fal.ai": "rest" };

async function requestMiddleware(request) {
  const url = new URL(request.url);
  return { ...request, url: `${emulator}/${HOSTS[url.host]}${url.pathname}${url.search}` };
}

const POINTINGS = {
  names: {},
  proxyUrl: { proxyUrl: { url: emulator, when: "always" } },
  requestMiddleware: { requestMiddleware },
};
const pointed = POINTINGS[pointing];
const fal = createFalClient(pointed);
const consoleUrl = `${pointing === "names" ? "https://fal.run" : emulator}/_emulator`;

const calls = {
  async "queue.submit"() {
    const submitted = await fal.queue.submit(VIDEO, {
      input: FOX,
      webhookUrl,
      priority: "low",
      startTimeout: 60,
    });
    return { submitted, result: await finished(submitted.request_id) };
  },

  async "queue.status"() {
    const running = await crowd();
    const { request_id: requestId } = await fal.queue.submit(VIDEO, { input: FOX });
    const queued = await fal.queue.status(VIDEO, { requestId });
    await stop(running);
    await finished(requestId);
    return { queued, completed: await fal.queue.status(VIDEO, { requestId, logs: true }) };
  },

  async "queue.streamStatus"() {
    const { request_id: requestId } = await fal.queue.submit(VIDEO, { input: LONG });
    const stream = await fal.queue.streamStatus(VIDEO, { requestId, logs: true });
    const events = [];
    for await (const event of stream) {
      if (events.length === 0) await letPass(LASTS);
      events.push(event);
    }
    return { events, done: await stream.done() };
  },

  async "queue.result"() {
    const { request_id: requestId } = await fal.queue.submit(VIDEO, { input: FOX });
    await finished(requestId);
    return { requestId, result: await fal.queue.result(VIDEO, { requestId }) };
  },

  async "queue.cancel"() {
    const running = await crowd();
    const { request_id: requestId } = await fal.queue.submit(VIDEO, { input: FOX });
    await fal.queue.cancel(VIDEO, { requestId });
    const removed = await refusal(fal.queue.status(VIDEO, { requestId }));
    await stop(running);
    const [first] = running;
    return {
      removed,
      stopped: await refusal(finished(first)),
      tooLate: await refusal(fal.queue.cancel(VIDEO, { requestId: first })),
    };
  },

  subscribe: () => subscribed({ mode: "polling", pollInterval: POLL }),

  'subscribe(mode: "streaming")': () => subscribed({ mode: "streaming" }),

  run: () => fal.run(VIDEO, { input: { prompt: "a crow", seed: 5 } }),

  async stream() {
    const stream = await fal.stream(VIDEO, { input: { prompt: "a crow", seed: 6 } });
    const events = [];
    stream.on("data", (event) => events.push(event));
    return { done: await stream.done(), events, requestId: stream.requestId };
  },

  async 'stream(connectionMode: "client")'() {
    const tokenProvider = async () => {
      const headers = { Authorization: `Key ${process.env.FAL_KEY}`, "Content-Type": "application/json" };
      const body = JSON.stringify({ allowed_apps: ["fast-animatediff"], token_expiration: 120 });
      return (await fetch("https://rest.fal.ai/tokens/", { method: "POST", headers, body })).json();
    };
    const stranger = createFalClient({ ...pointed, credentials: "" });
    const input = { prompt: "a crow", seed: 6 };
    const stream = await stranger.stream(VIDEO, { input, connectionMode: "client", tokenProvider });
    return stream.done();
  },

  "realtime.connect": () =>
    new Promise((resolve, reject) => {
      const connection = fal.realtime.connect(PICTURE, {
        connectionKey: "a session", // the default asks for a global that the oldest Nodes lack
        maxBuffering: 2,
        onResult: (result) => {
          connection.close();
          resolve(result);
        },
        onError: reject,
      });
      connection.send({ prompt: "a leaf", seed: 8 });
    }),

  async "storage.upload"() {
    const blob = new Blob([new Uint8Array([0, 1])], { type: "image/png" });
    return read(await fal.storage.upload(blob, { lifecycle: { expiresIn: "1h" } }));
  },

  async "storage.upload of 90 MB"() {
    const parts = Array.from({ length: 9 }, (_, number) => new Uint8Array(PART).fill(number));
    const url = await fal.storage.upload(new Blob([...parts, "and the rest"], { type: "video/mp4" }));
    return read(url, { Range: `bytes=${PART - 2}-${PART + 1}` });
  },

  async "Blob in the input"() {
    const image_url = new Blob(["not quite an image"], { type: "image/png" });
    const { request_id } = await fal.queue.submit("fal-ai/fast-svd-lcm", { input: { image_url } });
    const listing = await (await fetch(`${consoleUrl}/requests?request_id=${request_id}`)).json();
    return read(listing.requests[0].input.image_url);
  },

  "error 422": () => refusal(fal.subscribe(VIDEO, { input: { prompt: "x", num_frames: 99 }, pollInterval: POLL })),

  "error 401"() {
    const stranger = createFalClient({ ...pointed, credentials: "someone:else" });
    return refusal(stranger.queue.submit(VIDEO, { input: FOX }));
  },

  "error 404": () => refusal(fal.queue.submit("fal-ai/fast-animatediff-lightning", { input: FOX })),

  async "error 504"() {
    const running = await crowd();
    const { request_id: requestId } = await fal.queue.submit(VIDEO, { input: FOX, startTimeout: 60 });
    await letPass(61);
    const late = await refusal(finished(requestId));
    await stop(running);
    return late;
  },

  async "error 429"() {
    const before = await directCalls();
    const running = await crowd();
    const direct = fal.run(VIDEO, { input: { prompt: "an owl", seed: 7 } });
    direct.catch(() => {}); // it is heard below, and may fail before
    while ((await directCalls()) === before) await new Promise((resolve) => setTimeout(resolve, POLL));
    await stop(running);
    return { result: await direct, attempts: (await directCalls()) - before };
  },
};

async function subscribed(how) {
  const enqueued = [];
  const updates = [];
  const result = await fal.subscribe(VIDEO, {
    ...how,
    input: LONG,
    logs: true,
    onEnqueue: (requestId) => enqueued.push(requestId),
    onQueueUpdate: (status) => {
      if (updates.length === 0) letPass(LASTS);
      updates.push(structuredClone(status));
    },
  });
  return { enqueued, updates, result };
}

async function finished(requestId) {
  await fal.queue.subscribeToStatus(VIDEO, { requestId, pollInterval: POLL });
  return fal.queue.result(VIDEO, { requestId });
}

/** Take every place, by requests that stop when told to. */
async function crowd() {
  const submits = Array.from({ length: PLACES }, () => fal.queue.submit(VIDEO, { input: LONG }));
  return (await Promise.all(submits)).map(({ request_id }) => request_id);
}

async function stop(running) {
  await Promise.all(running.map((requestId) => fal.queue.cancel(VIDEO, { requestId })));
}

async function refusal(promise) {
  try {
    return { returned: await promise };
  } catch (error) {
    const { name, status, body, requestId, isUserTimeout, fieldErrors } = error;
    return { name, status, body, requestId, isUserTimeout, fieldErrors };
  }
}

async function read(url, headers = {}) {
  const answer = await fetch(url, { headers });
  const content = Buffer.from(await answer.arrayBuffer()).toString("hex");
  const [type, range] = ["content-type", "content-range"].map((name) => answer.headers.get(name));
  return { url, status: answer.status, type, range, content };
}

async function letPass(seconds) {
  await fetch(`${consoleUrl}/clock`, { method: "POST", body: JSON.stringify({ advance: seconds }) });
}

async function directCalls() {
  const { received } = await (await fetch(`${consoleUrl}/requests`)).json();
  const direct = [`fal.run/${VIDEO}`, `${new URL(emulator).host}/run/${VIDEO}`];
  return received.filter(({ host, path }) => direct.includes(`${host}${path}`)).length;
}

async function outcome(call) {
  const late = new Promise((_, reject) => setTimeout(reject, PATIENCE, new Error("no answer")).unref());
  try {
    return { value: (await Promise.race([call(), late])) ?? null };
  } catch (error) {
    await letPass(LASTS); // what the call has left behind shall not take the places of the next
    return { raised: `${error.stack}\n${JSON.stringify(error)}` };
  }
}

const told = {};
for (const name of wanted.length > 0 ? wanted : Object.keys(calls)) told[name] = await outcome(calls[name]);
process.stdout.write(JSON.stringify(told), () => process.exit());
