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

test('who sends no token finds nothing', async () => {
  await root.createOrReplace({ _id: 'a', _type: 'book' })
  assert.deepEqual(await nobody.fetch('*'), [])
  assert.equal(await nobody.getDocument('a'), undefined)
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
