// Actions, releases, datasets, projects and users with the official client.
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { client, refused, reset } from './lake.mjs'

const lake = client()
const raw = client({ perspective: 'raw' })

beforeEach(reset)

test('document actions', async () => {
  await lake.create({ _id: 'drafts.a', _type: 'book', title: 'A' })
  const edit = { actionType: 'sanity.action.document.edit', publishedId: 'a', draftId: 'drafts.a' }
  await lake.action({ ...edit, patch: { set: { title: 'B' } } })
  const publish = { actionType: 'sanity.action.document.publish', publishedId: 'a', draftId: 'drafts.a' }
  await lake.action(publish, { dryRun: true })
  assert.equal(await lake.getDocument('a'), undefined)
  const done = await lake.action(publish, { transactionId: 'tx1' })
  assert.equal(done.transactionId, 'tx1')
  assert.equal((await lake.getDocument('a')).title, 'B')
  await lake.action({ actionType: 'sanity.action.document.unpublish', publishedId: 'a', draftId: 'drafts.a' })
  assert.deepEqual(await lake.fetch('*._id', {}, { perspective: 'raw' }), ['drafts.a'])
  const error = await refused(lake.action({ ...publish, publishedId: 'zz', draftId: 'drafts.zz' }), 'ClientError')
  assert.equal(error.details.type, 'actionError')
})

test('a release from its creation to its publication', async () => {
  const { releaseId } = await lake.releases.create({ metadata: { title: 'Spring', releaseType: 'asap' } })
  assert.equal((await lake.releases.get({ releaseId })).metadata.title, 'Spring')
  await lake.releases.edit({ releaseId, patch: { set: { 'metadata.title': 'Summer' } } })
  await lake.createVersion({ document: { _type: 'book', title: 'V' }, publishedId: 'a', releaseId })
  await lake.replaceVersion({
    document: { _id: `versions.${releaseId}.a`, _type: 'book', title: 'W' },
    publishedId: 'a',
    releaseId,
  })
  assert.equal((await lake.getDocument('a', { releaseId })).title, 'W')
  assert.equal(await lake.fetch('*[_id == "a"][0].title', {}, { perspective: [releaseId] }), 'W')
  // Only `raw` shows versions under ids of their own.
  assert.equal((await raw.releases.fetchDocuments({ releaseId })).result.length, 1)
  assert.equal((await lake.releases.fetchDocuments({ releaseId })).result.length, 0)
  await lake.releases.publish({ releaseId })
  assert.equal((await lake.getDocument('a')).title, 'W')
  assert.equal((await lake.releases.get({ releaseId })).state, 'published')
})

test('a release is scheduled, unscheduled, archived, unarchived and deleted', async () => {
  const { releaseId } = await lake.releases.create({ releaseId: 'rSpring', metadata: { releaseType: 'scheduled' } })
  const state = async () => (await lake.releases.get({ releaseId })).state
  await lake.createVersion({ document: { _type: 'book' }, publishedId: 'a', releaseId })
  await lake.releases.schedule({ releaseId, publishAt: '2099-01-01T00:00:00Z' })
  assert.equal(await state(), 'scheduled')
  await lake.releases.unschedule({ releaseId })
  assert.equal(await state(), 'active')
  await lake.releases.archive({ releaseId })
  assert.equal(await state(), 'archived')
  await lake.releases.unarchive({ releaseId })
  assert.equal(await state(), 'active')
  await lake.discardVersion({ publishedId: 'a', releaseId })
  await lake.releases.archive({ releaseId })
  await lake.releases.delete({ releaseId })
  assert.equal(await lake.releases.get({ releaseId }), undefined)
})

test('datasets', async () => {
  assert.deepEqual(await lake.datasets.create('staging', { aclMode: 'private' }), {
    datasetName: 'staging',
    aclMode: 'private',
  })
  await client({ dataset: 'staging' }).create({ _type: 'book' })
  await lake.datasets.edit('staging', { aclMode: 'public' })
  assert.deepEqual(
    (await lake.datasets.list()).map(({ name, aclMode }) => [name, aclMode]),
    [
      ['production', 'public'],
      ['staging', 'public'],
    ],
  )
  assert.deepEqual(await lake.datasets.delete('staging'), { deleted: true })
  assert.equal((await refused(lake.datasets.delete('staging'), 'ClientError')).statusCode, 404)
})

test('users and projects', async () => {
  const me = await lake.users.getById('me')
  assert.equal(me.role, 'administrator')
  assert.equal((await lake.projects.getById('real')).id, 'real')
  const made = await lake.create({ _type: 'book' })
  const log = await (await fetch(lake.getUrl(`/data/history/production/transactions/${made._id}`), {
    headers: { 'x-sanity-project-id': 'real' },
  })).json()
  assert.equal(log.author, me.id)
})

test('embeddings are off', async () => {
  assert.equal((await lake.datasets.getEmbeddingsSettings('production')).enabled, false)
  await lake.datasets.editEmbeddingsSettings('production', { enabled: false })
  const error = await refused(lake.datasets.editEmbeddingsSettings('production', { enabled: true }), 'ClientError')
  assert.match(error.message, /Embeddings are not supported/)
})

test('projects are listed, with and without their members', async () => {
  const [project] = await lake.projects.list()
  assert.equal(project.id, 'real')
  assert.deepEqual(project.members.map((member) => member.isCurrentUser), [true])
  assert.ok(project.features.includes('contentReleases'))
  const [bare] = await lake.projects.list({ includeMembers: false, includeFeatures: false })
  assert.equal('features' in bare, false)
})

test('a user is found by id, and an unknown one is not', async () => {
  const me = await lake.users.getById('me')
  assert.equal((await lake.users.getById(me.id)).id, me.id)
  assert.equal((await refused(lake.users.getById('nobody'), 'ClientError')).statusCode, 404)
})

test('a version that unpublishes', async () => {
  await lake.create({ _id: 'a', _type: 'book' })
  const { releaseId } = await lake.releases.create({ metadata: { releaseType: 'asap' } })
  await lake.unpublishVersion({ publishedId: 'a', releaseId })
  assert.equal((await raw.getDocument(`versions.${releaseId}.a`))._system.delete, true)
  await lake.releases.publish({ releaseId })
  assert.equal(await lake.getDocument('a'), undefined)
})

test('what is not there is refused by name', async () => {
  const error = await refused(lake.request({ uri: '/graphql/production/default' }), 'ClientError')
  assert.equal(error.statusCode, 404)
  assert.match(error.message, /not supported yet by lakesim: GraphQL/)
})
