// Creates, patches and deletes documents in the in-memory store of @sanity/mutate; prints one JSON line.
// The same work as ../store_workload.py, in processor seconds too. Usage:
//   node run.mjs '{"size": 1000, "rounds": 20, "batch": 100, "seconds": 10}'
import {at, create, del, inc, patch, set} from '@sanity/mutate'
import {createStore} from '@sanity/mutate/_unstable_apply'

const {size, rounds, batch, seconds} = JSON.parse(process.argv[2])

const document = (id, number) => ({
  _id: id,
  _type: number % 2 ? 'book' : 'author',
  title: `Title ${number}`,
  pages: number,
  author: {_type: 'reference', _ref: 'base-0'},
  tags: ['a', 'b', 'c'],
})

const processorSeconds = () => {
  const {user, system} = process.cpuUsage()
  return (user + system) / 1e6
}

const store = createStore(Array.from({length: size}, (_, n) => document(`base-${n}`, n)))
const spent = {create: 0, patch: 0}
const done = {create: 0, patch: 0}
const started = processorSeconds()
// On a large index one operation takes long, so the time is looked at between any two.
const isLate = () => processorSeconds() - started > seconds

for (let round = 0; round < rounds && !isLate(); round++) {
  const made = []
  let begin = processorSeconds()
  for (let n = 0; n < batch && !isLate(); n++) {
    const id = `new-${round}-${n}`
    store.apply(create(document(id, n)))
    made.push(id)
    done.create++
  }
  spent.create += processorSeconds() - begin
  begin = processorSeconds()
  for (const id of made) {
    store.apply(patch(id, [at('title', set('Changed')), at('pages', inc(1))]))
    done.patch++
  }
  spent.patch += processorSeconds() - begin
  for (const id of made) store.apply(del(id))
}

const rate = (kind) => Math.round(done[kind] / spent[kind])
console.log(
  JSON.stringify({size, create_per_second: rate('create'), patch_per_second: rate('patch'), done: done.create}),
)
