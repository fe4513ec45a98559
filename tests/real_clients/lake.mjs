// What the tests of this folder share: a client of the lake that is served at LAKESIM_URL.
import assert from 'node:assert/strict'
import { createClient } from '@sanity/client'
import { record, recordOwn } from './methods.mjs'

const url = process.env.LAKESIM_URL

export function client(options = {}) {
  return recordOwn(
    createClient({
      projectId: 'real',
      dataset: 'production',
      apiHost: url,
      useProjectHostname: false,
      apiVersion: '2025-02-19',
      useCdn: false,
      maxRetries: 0,
      ...options,
    }),
  )
}

record(createClient({ projectId: 'real', dataset: 'production', apiVersion: '2025-02-19', useCdn: false }))

export async function reset() {
  const answer = await fetch(`${url}/_lake/reset`, { method: 'POST' })
  assert.equal(answer.status, 200)
}

// Resolves to the error that a promise is rejected with, which must be of the named class.
export async function refused(promise, name) {
  const error = await promise.then(
    () => assert.fail('it was not refused'),
    (reason) => reason,
  )
  assert.equal(error.constructor.name, name, String(error))
  return error
}
