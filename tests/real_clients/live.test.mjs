// Live content with the official client: which answers went stale.
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { client, refused, reset } from './lake.mjs'

const lake = client({ token: 'any' })

beforeEach(reset)

// Resolves to the first `count` events; `onWelcome` runs at the welcome.
function live(count, options, onWelcome = async () => {}) {
  return new Promise((resolve, reject) => {
    const seen = []
    // Each stream is shared by its options; a tag of its own keeps those of the tests apart.
    const subscription = lake.live.events({ tag: `t${Math.random()}`.slice(0, 20), ...options }).subscribe({
      next(event) {
        seen.push(event)
        if (event.type === 'welcome') onWelcome().catch(reject)
        if (seen.length === count) {
          subscription.unsubscribe()
          resolve(seen)
        }
      },
      error: reject,
    })
  })
}

const tags = async (query) => (await lake.fetch(query, {}, { filterResponse: false })).syncTags

test('a change names the tags of the answers that it can alter', async () => {
  const [books, films] = await Promise.all([tags('*[_type == "book"]'), tags('*[_type == "film"]')])
  const [welcome, message] = await live(2, {}, () => lake.create({ _id: 'a', _type: 'book' }))
  assert.equal(welcome.type, 'welcome')
  assert.ok(welcome.id)
  assert.equal(message.type, 'message')
  assert.ok(books.some((tag) => message.tags.includes(tag)))
  assert.ok(!films.some((tag) => message.tags.includes(tag)))
  const fresh = await lake.fetch('*[_type == "book"]._id', {}, { lastLiveEventId: message.id })
  assert.deepEqual(fresh, ['a'])
})

test('drafts are told of on request', async () => {
  const write = async () => {
    await lake.create({ _id: 'drafts.a', _type: 'book' })
    await lake.create({ _id: 'b', _type: 'book' })
  }
  const events = await live(3, { includeDrafts: true }, write)
  assert.deepEqual(events.map((event) => event.type), ['welcome', 'message', 'message'])
})

test('an old API version has no live events', () => {
  assert.throws(() => client({ apiVersion: '1' }).live.events(), /requires API version 2021-03-25/)
})

test('an unknown dataset is a failed connection', async () => {
  const failed = new Promise((resolve, reject) => {
    client({ dataset: 'nope' }).live.events().subscribe({ next: resolve, error: reject })
  })
  const error = await refused(failed, 'ConnectionFailedError')
  assert.equal(error.status, 404)
})
