// The video of one story as it becomes better, for supabase-js: placeholder, preview, final. `supabase` is a client whose
// user is signed in as `userId`; `show(video)` puts a row of story_videos on the screen, `show(null)` takes it away. The
// function returns one that ends it. `video.url` plays; in a private bucket it is null, and an address is signed for:
//   await supabase.storage.from(video.bucket).createSignedUrl(video.path, 3600)
const RANK = { placeholder: 0, preview: 1, final: 2 }
const age = (v) => [Date.parse(v.created_at), RANK[v.shows], v.shown_revision, Date.parse(v.updated_at)]

// News may come late, twice and out of order; what a video shows only moves up.
function isNewer(video, than) {
  const [a, b] = [age(video), age(than)]
  const differs = a.findIndex((part, n) => part !== b[n])
  return differs >= 0 && a[differs] > b[differs]
}

export async function watchVideo(supabase, userId, table, storyId, show) {
  let shown = null
  const take = (video) => {
    if (!shown || isNewer(video, shown)) show((shown = { ...shown, ...video })) // `progress` is read, and not told
  }
  const read = async () => {
    const stories = supabase.from('story_videos').select().eq('source_table', table).eq('source_id', storyId)
    const { data, error } = await stories.maybeSingle()
    if (error) console.warn('not read:', error.message) // what is shown stays, until the next news or reconnect
    else if (data) take(data)
    else if (shown) show((shown = null))
  }
  await supabase.realtime.setAuth() // a private topic is joined as the user
  const channel = supabase.channel(`storyreel:videos:${userId}`, {
    config: { private: true, broadcast: { replication_ready: true } },
  })
  channel.on('broadcast', { event: '*' }, ({ payload: { record } }) => {
    if (!record) read() // deleted, or given away; or so much changed at once that it was not told one by one
    else if (record.source_table === table && record.source_id === storyId) take(record)
  })
  channel.on('system', {}, read) // from here on nothing is missed; SUBSCRIBED may come seconds before that
  channel.subscribe((status, error) => {
    if (status === 'SUBSCRIBED') read() // the first time and after every interruption: what was missed is not repeated
    else if (error) console.warn(status, error.message)
  })
  return () => supabase.removeChannel(channel)
}
