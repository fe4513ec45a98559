// The options of fetch, the plain requests, and how a client is configured.
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { client, refused, reset } from './lake.mjs'

const lake = client()
const book = { _id: 'a', _type: 'book', title: 'A' }

beforeEach(reset)

test('every option of fetch', async () => {
  await lake.create(book)
  const options = {
    filterResponse: false,
    returnQuery: false,
    perspective: 'published',
    tag: 'test.fetch',
    cacheMode: 'noStale',
    lastLiveEventId: 'some#',
    useCdn: false,
    signal: new AbortController().signal,
  }
  const envelope = await lake.fetch('*[_type == $type]._id', { type: 'book' }, options)
  assert.deepEqual(envelope.result, ['a'])
  assert.equal('query' in envelope, false)
  assert.ok(envelope.syncTags.every((tag) => tag.startsWith('s1:')))
  assert.equal((await lake.fetch('*', {}, { ...options, returnQuery: true })).query, '*')
})

test('a stack of perspectives, newest first', async () => {
  await lake.create(book)
  await lake.create({ ...book, _id: 'drafts.a', title: 'Draft' })
  await lake.create({ ...book, _id: 'versions.r1.a', title: 'Version' })
  const title = (perspective) => lake.fetch('*[_id == "a"][0].title', {}, { perspective })
  assert.deepEqual(await Promise.all([title(['r1', 'drafts']), title('drafts'), title('published')]), [
    'Version',
    'Draft',
    'A',
  ])
})

test('an aborted fetch is an error of that name', async () => {
  const abort = new AbortController()
  abort.abort()
  const error = await lake.fetch('*', {}, { signal: abort.signal }).catch((reason) => reason)
  assert.equal(error.name, 'AbortError')
})

test('every kind of value is a parameter', async () => {
  const params = { text: 'é"\n', number: 1.5, yes: true, none: null, list: [1, 'b'], object: { a: 1 } }
  assert.deepEqual(await lake.fetch('[$text, $number, $yes, $none, $list, $object]', params), Object.values(params))
})

test('request, dataRequest and the addresses they take', async () => {
  await lake.create(book)
  const path = lake.getDataUrl('doc', 'a')
  assert.match(path, /\/data\/doc\/production\/a$/)
  assert.ok(lake.getUrl(path).startsWith(`${process.env.LAKESIM_URL}/v2025-02-19/`))
  assert.equal((await lake.request({ uri: path, tag: 'test' })).documents[0]._id, 'a')
  const changed = await lake.dataRequest('mutate', { mutations: [{ patch: { id: 'a', set: { n: 1 } } }] })
  assert.equal(changed.results[0].operation, 'update')
  assert.deepEqual(await lake.request({ uri: '/ping' }), { pong: true })
})

test('clones and configurations', async () => {
  const copy = lake.clone()
  copy.config({ dataset: 'other' })
  assert.equal(lake.config().dataset, 'production')
  assert.equal((await refused(copy.fetch('*'), 'ClientError')).statusCode, 404)
  const old = lake.withConfig({ apiVersion: '2021-06-07', requestTagPrefix: 'prefix', headers: { 'x-test': '1' } })
  assert.deepEqual(await old.fetch('*', {}, { tag: 'end' }), [])
})

test('with the content network switched on the same server answers', async () => {
  const cached = client({ useCdn: true })
  await lake.create(book)
  assert.equal(await cached.fetch('count(*)'), 1)
})

test('the resource of a dataset leads to the same documents', async () => {
  await lake.create(book)
  const resource = client({ resource: { type: 'dataset', id: 'real.production' } })
  assert.equal(await resource.fetch('count(*)'), 1)
  assert.equal((await resource.getDocument('a')).title, 'A')
  await resource.patch('a').set({ title: 'B' }).commit()
  assert.equal((await lake.getDocument('a')).title, 'B')
})

test('errors carry a trace, and the service behind them its body', async () => {
  const error = await refused(lake.fetch('*[_type == $missing]'), 'ClientError')
  assert.equal(error.details.type, 'queryParseError')
  assert.deepEqual([error.details.start, error.details.end].map(Number.isInteger), [true, true])
  assert.match(error.traceId, /^[0-9a-f]{32}$/)
  assert.equal(error.response.headers['ratelimit-limit'], '500')
  const several = await refused(
    lake.mutate([{ create: { _id: '#x!', _type: 'book' } }, { create: { _id: '-', _type: 'book' } }]),
    'ClientError',
  )
  assert.deepEqual(several.details.items.map((item) => item.index), [0, 1])
  assert.match(several.message, /Mutation\(s\) failed with 2 error\(s\)[^\n]*\n- Malformed document ID/)
})

test('a patch and a transaction as values', () => {
  const patch = lake.patch('a').set({ n: 1 }).ifRevisionId('r')
  assert.deepEqual(patch.serialize(), { id: 'a', set: { n: 1 }, ifRevisionID: 'r' })
  assert.deepEqual(patch.clone().reset().toJSON(), { id: 'a' })
  const transaction = lake
    .transaction()
    .createIfNotExists(book)
    .createOrReplace(book)
    .delete('b')
    .patch(lake.patch('a').unset(['n']))
  assert.equal(transaction.clone().serialize().length, 4)
  assert.deepEqual(transaction.reset().toJSON(), [])
})
