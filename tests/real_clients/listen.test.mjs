// Listening with the official client.
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { client, reset } from './lake.mjs'

const lake = client()

beforeEach(reset)

// Resolves to the first `count` events; `onWelcome` runs at the first welcome.
function events(count, query, params, options, onWelcome = async () => {}) {
  return new Promise((resolve, reject) => {
    const seen = []
    const subscription = lake.listen(query, params, { events: ['welcome', 'mutation', 'reset'], ...options }).subscribe({
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

test('welcome and then each change, in order', async () => {
  const [welcome, appear, update, disappear] = await events(4, '*[_type == $type]', { type: 'book' }, {}, async () => {
    await lake.create({ _id: 'other', _type: 'film' })
    await lake.create({ _id: 'a', _type: 'book', title: 'A' })
    await lake.patch('a').set({ title: 'B' }).commit()
    await lake.delete('a')
  })
  assert.equal(welcome.type, 'welcome')
  assert.equal(typeof welcome.listenerName, 'string')
  assert.deepEqual(
    [appear, update, disappear].map((event) => event.transition),
    ['appear', 'update', 'disappear'],
  )
  assert.equal(appear.result.title, 'A')
  assert.equal(update.result.title, 'B')
  assert.equal(update.previousRev, appear.resultRev)
  assert.deepEqual(update.mutations, [{ patch: { id: 'a', set: { title: 'B' } } }])
})

test('options of the event', async () => {
  await lake.create({ _id: 'a', _type: 'book', n: 1 })
  const options = { includeResult: false, includePreviousRevision: true, includeMutations: false, effectFormat: 'mendoza' }
  const [, event] = await events(2, '*', {}, options, () => lake.patch('a').inc({ n: 1 }).commit())
  assert.equal(event.previous.n, 1)
  assert.equal(event.result, undefined)
  assert.equal(event.mutations, undefined)
  assert.equal(event.effects.apply[1].n, 2)
})

test('a tag, a visibility and a place to go on from', async () => {
  const options = { visibility: 'query', enableResume: true, tag: 'test.listen', includeMutations: true }
  const [welcome, event] = await events(2, '*[_id in $ids]', { ids: ['a'] }, options, () =>
    lake.create({ _id: 'a', _type: 'book' }),
  )
  assert.equal(welcome.type, 'welcome')
  assert.equal(event.visibility, 'query')
  assert.equal(event.eventId, `${event.transactionId}#a`)
  assert.deepEqual([event.transactionTotalEvents, event.transactionCurrentEvent], [1, 0])
})

test('drafts are told of on request', async () => {
  const [, event] = await events(2, '*', {}, { includeAllVersions: true }, () =>
    lake.create({ _id: 'drafts.a', _type: 'book' }),
  )
  assert.equal(event.documentId, 'drafts.a')
})

test('a wrong query is a channel error', async () => {
  const error = await events(1, '*[').then(
    () => assert.fail('it was not refused'),
    (reason) => reason,
  )
  assert.equal(error.constructor.name, 'ChannelError', String(error))
  assert.match(error.message, /GROQ query parse error/)
})

test('a deleted dataset disconnects', async () => {
  const error = await events(2, '*', {}, {}, () => lake.datasets.delete('production')).then(
    () => assert.fail('it was not disconnected'),
    (reason) => reason,
  )
  assert.equal(error.constructor.name, 'DisconnectError', String(error))
})
