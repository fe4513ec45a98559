// The same through observables, which a client offers beside its promises.
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { firstValueFrom, lastValueFrom, merge, take, tap, toArray } from 'rxjs'
import { client, reset } from './lake.mjs'

const lake = client({ token: 'any' })
const { observable } = lake
const get = (source) => lastValueFrom(source)
const book = { _id: 'a', _type: 'book', title: 'A' }

beforeEach(reset)

test('documents', async () => {
  assert.equal((await get(observable.create(book)))._id, 'a')
  await get(observable.createIfNotExists(book))
  await get(observable.createOrReplace({ ...book, title: 'B' }))
  assert.equal((await get(observable.getDocument('a'))).title, 'B')
  assert.equal((await get(observable.getDocuments(['a', 'b'])))[1], null)
  assert.deepEqual([...(await get(observable.documentsExists(['a', 'b'])))], ['a'])
  assert.equal(await get(observable.fetch('count(*[_type == $type])', { type: 'book' })), 1)
  await get(observable.patch('a').set({ title: 'C' }).commit())
  await get(observable.transaction().patch('a', (patch) => patch.inc({ n: 1 }).setIfMissing({ n: 0 })).commit())
  await get(observable.mutate({ patch: { id: 'a', set: { more: true } } }))
  assert.equal((await get(observable.getDocument('a'))).more, true)
  await get(observable.delete('a'))
  assert.equal(await lake.fetch('count(*)'), 0)
  assert.equal(observable.patch('a').clone().serialize().id, 'a')
  assert.equal(observable.transaction().clone().delete('x').serialize().length, 1)
})

test('actions and releases', async () => {
  await get(observable.create({ ...book, _id: 'drafts.a' }))
  await get(observable.action({ actionType: 'sanity.action.document.publish', draftId: 'drafts.a', publishedId: 'a' }))
  const { releases } = observable
  const releaseId = 'r1'
  const state = async () => (await get(releases.get({ releaseId }))).state
  await get(releases.create({ releaseId, metadata: { releaseType: 'scheduled' } }))
  await get(releases.edit({ releaseId, patch: { set: { 'metadata.title': 'T' } } }))
  const document = { ...book, _id: 'versions.r1.a', title: 'V' }
  await get(observable.createVersion({ document, publishedId: 'a', releaseId }))
  await get(observable.replaceVersion({ document: { ...document, title: 'W' }, publishedId: 'a', releaseId }))
  const stored = await get(observable.withConfig({ perspective: 'raw' }).releases.fetchDocuments({ releaseId }))
  assert.equal(stored.result[0].title, 'W')
  await get(releases.schedule({ releaseId, publishAt: '2099-01-01T00:00:00Z' }))
  await get(releases.unschedule({ releaseId }))
  await get(releases.archive({ releaseId }))
  await get(releases.unarchive({ releaseId }))
  assert.equal(await state(), 'active')
  await get(observable.discardVersion({ publishedId: 'a', releaseId }))
  await get(observable.unpublishVersion({ publishedId: 'a', releaseId }))
  await get(releases.publish({ releaseId }))
  assert.equal(await state(), 'published')
  assert.equal(await lake.getDocument('a'), undefined)
  await get(releases.delete({ releaseId }))
})

test('streams', async () => {
  const listening = observable.listen('*', {}, { events: ['welcome', 'mutation'] }).pipe(take(2))
  const living = observable.live.events({ tag: 'observable' }).pipe(take(2))
  let welcomes = 0
  const writing = tap((event) => {
    if (event.type === 'welcome' && ++welcomes === 2) lake.create(book)
  })
  const events = await get(merge(listening, living).pipe(writing, toArray()))
  assert.deepEqual(events.map((event) => event.type).sort(), ['message', 'mutation', 'welcome', 'welcome'])
})

test('management', async () => {
  const { datasets, projects, users } = observable
  await get(datasets.create('other', { aclMode: 'private' }))
  await get(datasets.edit('other', { aclMode: 'public' }))
  assert.equal((await get(datasets.list())).length, 2)
  assert.equal((await get(datasets.getEmbeddingsSettings('other'))).enabled, false)
  await get(datasets.editEmbeddingsSettings('other', { enabled: false }))
  assert.deepEqual(await get(datasets.delete('other')), { deleted: true })
  assert.equal((await get(projects.list()))[0].id, 'real')
  assert.equal((await get(projects.getById('real'))).id, 'real')
  assert.equal((await get(users.getById('me'))).role, 'administrator')
})

test('assets, requests and configuration', async () => {
  const done = await get(observable.assets.upload('file', Buffer.from('x')))
  assert.equal(done.type, 'response')
  assert.match(done.body.document._id, /^file-/)
  assert.deepEqual(await firstValueFrom(observable.request({ uri: '/ping' })), { pong: true })
  assert.ok(observable.getUrl(observable.getDataUrl('doc', 'a')).endsWith('/data/doc/production/a'))
  assert.equal(observable.clone().config().projectId, 'real')
})
