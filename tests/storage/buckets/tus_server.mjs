// Run by tests as a program of its own: the TUS server that Supabase Storage is built on, over a folder.
//
// argv: the folder. It prints its port, and ends with its standard input.

import { createRequire } from "node:module";

const require = createRequire(new URL("../../node/package.json", import.meta.url));
const { Server } = require("@tus/server");
const { FileStore } = require("@tus/file-store");

const server = new Server({
  path: "/storage/v1/upload/resumable",
  datastore: new FileStore({ directory: process.argv[2] }),
});
const listening = server.listen({ host: "127.0.0.1", port: 0 }, () => console.log(listening.address().port));
process.stdin.on("end", () => process.exit(0)).resume();
