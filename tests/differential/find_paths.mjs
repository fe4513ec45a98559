// Finds paths with the published @sanity/json-match: one {"document", "path"} per line in, one outcome per line out.
//
// An outcome is {"found": [location, …]} with array positions as numbers, or {"error": "…"}. Every line is answered.
import {createInterface} from 'node:readline'
import {jsonMatch} from '@sanity/json-match'

// The matcher names keyed items by their key; here every place is told by its position.
function located(document, path) {
  let value = document
  return path.map((segment) => {
    const key = typeof segment === 'object' ? value.findIndex((item) => item?._key === segment._key) : segment
    const place = typeof key === 'number' && key < 0 ? key + value.length : key
    value = value[place]
    return place
  })
}

for await (const line of createInterface({input: process.stdin, crlfDelay: Infinity})) {
  if (!line) continue
  const {document, path} = JSON.parse(line)
  let outcome
  try {
    const entries = [...jsonMatch(document, path)].filter((entry) => entry.value !== undefined)
    outcome = {found: entries.map((entry) => located(document, entry.path))}
  } catch (error) {
    outcome = {error: String(error?.message ?? error)}
  }
  process.stdout.write(`${JSON.stringify(outcome)}\n`)
}
