// Applies patches with the published @sanity/mutator: one {"document", "patch"} per line in, one outcome per line out.
//
// An outcome is {"document": …} or {"error": "…"}. Every line is answered, in order.
import {createInterface} from 'node:readline'
import {Mutation} from '@sanity/mutator'

for await (const line of createInterface({input: process.stdin, crlfDelay: Infinity})) {
  if (!line) continue
  const {document, patch} = JSON.parse(line)
  let outcome
  try {
    const mutation = new Mutation({mutations: [{patch: {...patch, id: document._id}}]})
    outcome = {document: mutation.apply(document)}
  } catch (error) {
    outcome = {error: String(error?.message ?? error)}
  }
  process.stdout.write(`${JSON.stringify(outcome)}\n`)
}
