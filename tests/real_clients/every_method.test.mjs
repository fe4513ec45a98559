// Everything that the open server is tried with, in one process, and the check that no method was left out.
import './documents.test.mjs'
import './queries.test.mjs'
import './listen.test.mjs'
import './live.test.mjs'
import './assets.test.mjs'
import './management.test.mjs'
import './observables.test.mjs'
import './source_maps.test.mjs'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { untried } from './methods.mjs'

test('every public method of the client was called, or has a reason not to be', () => {
  const { all, missing } = untried()
  assert.ok(all.length > 100, `the client has lost its methods: ${all}`)
  assert.deepEqual(missing, [])
})
