// Runs docs/examples/watch-video.mjs under node with the real supabase-js, and prints what it shows, a line of JSON each;
// whatever else it says, as it says it. Ends when its input does.
//   node --experimental-websocket watch.mjs <url> <token> <user id> <table> <story id>
import { createRequire } from 'node:module'

import { watchVideo } from '../../../docs/examples/watch-video.mjs'

const { createClient } = createRequire(new URL('../../node/', import.meta.url))('@supabase/supabase-js')
const [url, token, userId, table, storyId] = process.argv.slice(2)
const supabase = createClient(url, 'sb_publishable_of_the_tests', {
  accessToken: async () => token, // in an app: supabase.auth.signIn…
  realtime: { reconnectAfterMs: () => 10 }, // a second, if it is not said
})
const stop = await watchVideo(supabase, userId, table, storyId, (video) => console.log(JSON.stringify({ video })))
process.stdin.resume().on('end', () => stop().then(() => process.exit()))
