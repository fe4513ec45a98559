// Reading and writing documents with the official client.
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { client, refused, reset } from './lake.mjs'

const lake = client()
const raw = client({ perspective: 'raw' })
const book = { _id: 'a', _type: 'book', title: 'A', list: [] }

beforeEach(reset)

test('fetch with parameters, envelope and perspectives', async () => {
  await lake.create(book)
  await lake.create({ ...book, _id: 'drafts.a', title: 'Draft' })
  assert.equal(await lake.fetch('*[_id == $id][0].title', { id: 'a' }), 'A')
  assert.equal(await lake.fetch('*[_id == "a"][0].title', {}, { perspective: 'drafts' }), 'Draft')
  assert.deepEqual(await raw.fetch('*._id'), ['a', 'drafts.a'])
  assert.equal(await client({ apiVersion: '1' }).fetch('count(*)'), 2)
  const envelope = await lake.fetch('*._id', {}, { filterResponse: false })
  assert.deepEqual(envelope.result, ['a'])
  assert.equal(typeof envelope.ms, 'number')
  assert.equal(envelope.query, '*._id')
})

test('a query too long for an address is posted', async () => {
  await lake.create(book)
  const text = 'x'.repeat(12000)
  assert.equal(await lake.fetch('count(*[title != $text])', { text }), 1)
})

test('getDocument, getDocuments and documentsExists', async () => {
  await lake.create(book)
  assert.equal((await lake.getDocument('a')).title, 'A')
  assert.equal(await lake.getDocument('zz'), undefined)
  const found = await lake.getDocuments(['zz', 'a'])
  assert.deepEqual(found.map((document) => document?._id), [undefined, 'a'])
  const exists = await lake.documentsExists(['zz', 'a'])
  assert.deepEqual([...exists], ['a'])
})

test('create, createIfNotExists, createOrReplace, delete', async () => {
  const made = await lake.create({ _type: 'book', title: 'Generated' })
  assert.match(made._id, /^[A-Za-z0-9]{22}$/)
  assert.equal(made._rev.length, 22)
  await lake.create(book)
  assert.equal((await lake.createIfNotExists({ ...book, title: 'B' })).title, 'A')
  assert.equal((await lake.createOrReplace({ ...book, title: 'C' })).title, 'C')
  const deleted = await lake.delete('a')
  assert.deepEqual(deleted.results, [{ id: 'a', operation: 'delete' }])
  await lake.create(book)
  await lake.delete({ query: '*[_type == $type]', params: { type: 'book' } })
  assert.equal(await raw.fetch('count(*)'), 0)
})

test('every operation of a patch', async () => {
  await lake.create({ ...book, n: 1, gone: true, text: 'one two' })
  const patched = await lake
    .patch('a')
    .set({ title: 'B' })
    .setIfMissing({ extra: [], title: 'never' })
    .unset(['gone'])
    .inc({ n: 5 })
    .dec({ n: 2 })
    .diffMatchPatch({ text: '@@ -1,7 +1,7 @@\n-one\n+six\n  two\n' })
    .insert('after', 'list[-1]', [{ name: 'x' }])
    .commit({ autoGenerateArrayKeys: true })
  await lake.patch('a').append('extra', [1, 2]).commit()
  await lake.patch('a').prepend('extra', [0]).commit()
  await lake.patch('a').splice('extra', 1, 1, [7, 8]).commit()
  assert.deepEqual((await lake.getDocument('a')).extra, [0, 7, 8, 2])
  assert.equal(patched.title, 'B')
  assert.equal(patched.n, 4)
  assert.equal('gone' in patched, false)
  assert.equal(patched.text, 'six two')
  assert.equal(patched.list[0].name, 'x')
  assert.equal(patched.list[0]._key.length, 12)
})

test('a patch guarded by a revision', async () => {
  const made = await lake.create(book)
  await lake.patch('a').set({ n: 1 }).ifRevisionId(made._rev).commit()
  const error = await refused(lake.patch('a').set({ n: 2 }).ifRevisionId(made._rev).commit(), 'ClientError')
  assert.equal(error.statusCode, 409)
  assert.equal(error.details.items[0].error.expectedRevisionID, made._rev)
  assert.equal((await lake.getDocument('a')).n, 1)
})

test('a transaction is all or nothing', async () => {
  const done = await lake
    .transaction()
    .create(book)
    .create({ _id: 'b', _type: 'book', of: { _type: 'reference', _ref: 'a' } })
    .patch('a', (patch) => patch.set({ title: 'T' }))
    .transactionId('tx1')
    .commit()
  assert.equal(done.transactionId, 'tx1')
  assert.deepEqual(done.documentIds, ['a', 'b', 'a'])
  assert.equal((await lake.getDocument('a'))._rev, 'tx1')
  await refused(lake.transaction().delete('b').create(book).commit(), 'ClientError')
  assert.equal(await lake.fetch('count(*)'), 2)
})

test('mutate with returned documents, and as a dry run', async () => {
  const [first] = await lake.mutate([{ create: book }], { returnFirst: false, returnDocuments: true })
  assert.equal(first._id, 'a')
  await lake.mutate([{ delete: { id: 'a' } }], { dryRun: true })
  assert.equal((await lake.getDocument('a')).title, 'A')
})

test('errors carry what the service says', async () => {
  await lake.create(book)
  const taken = await refused(lake.create(book), 'ClientError')
  assert.equal(taken.statusCode, 409)
  assert.equal(taken.details.type, 'mutationError')
  assert.equal(taken.details.items[0].error.type, 'documentAlreadyExistsError')
  assert.match(taken.message, /Document by ID "a" already exists/)
  assert.equal(JSON.parse(taken.responseBody).error.type, 'mutationError')

  const syntax = await refused(lake.fetch('*[_type =='), 'ClientError')
  assert.equal(syntax.statusCode, 400)
  assert.equal(syntax.details.type, 'queryParseError')
  assert.match(syntax.message, /GROQ query parse error/)

  const dataset = await refused(client({ dataset: 'nope' }).fetch('*'), 'ClientError')
  assert.equal(dataset.statusCode, 404)
  assert.match(dataset.message, /Dataset "nope" not found for project ID "real"/)

  const reference = await refused(
    lake.create({ _id: 'b', _type: 'book', of: { _type: 'reference', _ref: 'zz' } }),
    'ClientError',
  )
  assert.match(reference.message, /references non-existent document "zz"/)
})
