// Makes and applies text patches with the published @sanity/diff-match-patch: one {"from", "to", "base"} per line in,
// one {"patch", "result", "drifted"} per line out: the patch between the two texts, and what it makes of `from` and of
// `base`. Where it cannot make a patch (it may cut a character in half), the line out is {"error"}.
import {createInterface} from 'node:readline'
import {applyPatches, makePatches, parsePatch, stringifyPatches} from '@sanity/diff-match-patch'

for await (const line of createInterface({input: process.stdin, crlfDelay: Infinity})) {
  if (!line) continue
  const {from, to, base} = JSON.parse(line)
  let outcome
  try {
    const patch = stringifyPatches(makePatches(from, to))
    const apply = (text) => applyPatches(parsePatch(patch), text, {allowExceedingIndices: true})[0]
    outcome = {patch, result: apply(from), drifted: apply(base)}
  } catch (error) {
    outcome = {error: String(error?.message ?? error)}
  }
  process.stdout.write(`${JSON.stringify(outcome)}\n`)
}
