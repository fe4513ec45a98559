// Tokens with the official client; the server knows "root" (administrator) and "eyes" (viewer).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { client, refused } from './lake.mjs'

const root = client({ token: 'root' })
const eyes = client({ token: 'eyes' })
const nobody = client()

test('a viewer reads and does not write', async () => {
  await root.createOrReplace({ _id: 'a', _type: 'book', title: 'A' })
  assert.equal((await eyes.getDocument('a')).title, 'A')
  assert.equal((await eyes.users.getById('me')).role, 'viewer')
  const error = await refused(eyes.patch('a').set({ title: 'B' }).commit(), 'ClientError')
  assert.equal(error.statusCode, 403)
  assert.equal(error.details.items[0].error.type, 'insufficientPermissionsError')
  assert.match(error.message, /Insufficient permissions; permission "update" required/)
})

test('who sends no token finds what is public', async () => {
  await root.createOrReplace({ _id: 'a', _type: 'book' })
  await root.createOrReplace({ _id: 'drafts.a', _type: 'book' })
  const raw = { perspective: 'raw' }
  assert.deepEqual(await nobody.fetch('*._id', {}, raw), ['a'])
  assert.equal(await nobody.getDocument('drafts.a'), undefined)
  await root.datasets.edit('production', { aclMode: 'private' })
  assert.deepEqual(await nobody.fetch('*._id', {}, raw), [])
  assert.equal(await nobody.getDocument('a'), undefined)
  await root.datasets.edit('production', { aclMode: 'public' })
  assert.equal((await refused(nobody.users.getById('me'), 'ClientError')).statusCode, 401)
})

test('a wrong token is refused', async () => {
  const error = await refused(client({ token: 'wrong' }).fetch('*'), 'ClientError')
  assert.equal(error.statusCode, 401)
  assert.match(error.message, /Unauthorized - Session not found/)
})

test('a listener with a token hears, one with a wrong token is refused', async () => {
  const heard = new Promise((resolve, reject) => {
    const subscription = eyes.listen('*', {}, { events: ['welcome', 'mutation'] }).subscribe({
      next(event) {
        if (event.type === 'welcome') root.create({ _id: 'b', _type: 'book' }).catch(reject)
        else {
          subscription.unsubscribe()
          resolve(event.documentId)
        }
      },
      error: reject,
    })
  })
  assert.equal(await heard, 'b')
  const refusal = await new Promise((resolve, reject) => {
    const wrong = client({ token: 'wrong' })
    wrong.listen('*', {}, { events: ['welcome'] }).subscribe({ next: reject, error: resolve })
  })
  assert.equal(refusal.constructor.name, 'ConnectionFailedError', String(refusal))
})

test('a contributor writes drafts and does not publish', async () => {
  const contributor = client({ token: 'con' })
  await root.createOrReplace({ _id: 'c', _type: 'book', title: 'C' })
  const draft = { publishedId: 'c', draftId: 'drafts.c' }
  await contributor.action({
    actionType: 'sanity.action.document.edit',
    ...draft,
    patch: { set: { title: 'D' } },
  })
  const published = contributor.action({ actionType: 'sanity.action.document.publish', ...draft })
  const error = await refused(published, 'ClientError')
  assert.equal(error.statusCode, 403)
  assert.equal(error.details.items[0].error.permission, 'update')
  assert.equal((await contributor.getDocument('c')).title, 'C')
  assert.equal((await contributor.getDocument('drafts.c')).title, 'D')
})

test('a robot writes and reads nothing back', async () => {
  const bot = client({ token: 'bot' })
  const made = await bot.create({ _id: 'made', _type: 'book' }, { returnDocuments: false })
  assert.equal(made.documentId, 'made')
  assert.equal(await bot.getDocument('made'), undefined)
  assert.deepEqual(await bot.fetch('*'), [])
  assert.deepEqual((await bot.delete({ query: '*' })).documentIds, [])
  assert.equal((await root.getDocument('made'))._type, 'book')
})

test('members and grants are told as the Studio asks for them', async () => {
  const acl = await eyes.request({ url: '/projects/real/datasets/production/acl' })
  assert.deepEqual(acl, [{ filter: '_id in path("**")', permissions: ['read', 'history'] }])
  const me = await eyes.users.getById('me')
  assert.deepEqual(await eyes.users.getById(me.id), me)
  const roles = (await eyes.projects.getById('real')).members.map((member) => member.role)
  assert.deepEqual(roles, ['administrator', 'viewer', 'contributor', 'write-only'])
})
