// Applies mutations with the published @sanity/mutate: one {"documents", "mutations"} per line in, one answer per line out.
//
// An answer is {"steps": […], "whole": …, "wire": […]}: each mutation on its own, a patch of several nodes as several,
// with what was there before it; the whole transaction at once; and how the toolkit itself writes it for the service. An
// outcome is {"documents": […]} or {"error": "…"}, after which there are no more steps. Every document has the revision
// of the first before each step, as if it stood alone. Every line is answered, in order.
import { createInterface } from 'node:readline'
import { SanityEncoder } from '@sanity/mutate'
import { applyInIndex } from '@sanity/mutate/_unstable_apply'

const split = (mutation) =>
  mutation.type === 'patch' ? mutation.patches.map((patch) => ({ ...mutation, patches: [patch] })) : [mutation]

function outcome(index, mutations) {
  try {
    return { index: applyInIndex(index, mutations) }
  } catch (error) {
    return { error: String(error?.message ?? error) }
  }
}

const shown = ({ index, error }) => (index ? { documents: Object.values(index) } : { error })

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  if (!line) continue
  const { documents, mutations } = JSON.parse(line)
  const first = Object.fromEntries(documents.map((document) => [document._id, document]))
  const steps = []
  let index = first
  for (const mutation of mutations.flatMap(split)) {
    const after = outcome(index, [mutation])
    const before = Object.values(index)
    steps.push({ mutation, before, after: shown(after), wire: SanityEncoder.encodeAll([mutation]) })
    if (!after.index) break
    const revised = (document) => [document._id, { ...document, _rev: documents[0]._rev }]
    index = Object.fromEntries(Object.values(after.index).map(revised))
  }
  const whole = shown(outcome(first, mutations))
  process.stdout.write(`${JSON.stringify({ steps, whole, wire: SanityEncoder.encodeAll(mutations) })}\n`)
}
