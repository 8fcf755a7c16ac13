// Run by tests as a program of its own: an upload as an app makes it, with the client that Supabase's guide uses.
//
// argv: the storage's URL, the key, the bucket, the path, the file, and the size of a chunk in bytes. It prints, as
// JSON, how often a chunk was accepted, or the status and body of the answer it failed with.

import { createReadStream, statSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../node/package.json", import.meta.url));
const { Upload } = require("tus-js-client");

const [url, key, bucketName, objectName, file, chunkSize] = process.argv.slice(2);
let accepted = 0;
const upload = new Upload(createReadStream(file), {
  endpoint: `${url}/upload/resumable`,
  headers: { authorization: `Bearer ${key}` },
  metadata: { bucketName, objectName, contentType: "video/mp4", cacheControl: "3600" },
  uploadSize: statSync(file).size,
  chunkSize: Number(chunkSize),
  retryDelays: null,
  onChunkComplete: () => (accepted += 1),
  onSuccess: () => console.log(JSON.stringify({ accepted })),
  onError: ({ originalResponse }) =>
    console.log(JSON.stringify({ status: originalResponse.getStatus(), body: originalResponse.getBody() })),
});
upload.start();
