// Runs queries with groq-js and prints CPU milliseconds as JSON: node groq_js.mjs documents.json queries.json repeats
import {readFileSync} from 'node:fs'
import {evaluate, evaluateSync, parse} from 'groq-js'

const [documentsFile, queriesFile, repeatsText] = process.argv.slice(2)
const dataset = JSON.parse(readFileSync(documentsFile, 'utf8'))
const queries = JSON.parse(readFileSync(queriesFile, 'utf8'))
const repeats = Number(repeatsText)
// A run that takes this long is not repeated.
const SLOW_MS = 2000

function cpuMilliseconds() {
  const {user, system} = process.cpuUsage()
  return (user + system) / 1000
}

function median(values) {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)]
}

async function measure(run) {
  const times = []
  let answer
  // The first run warms the compiler up and counts only if there is no second.
  for (let number = 0; number <= repeats; number++) {
    const start = cpuMilliseconds()
    answer = await run()
    const took = cpuMilliseconds() - start
    if (number > 0 || took > SLOW_MS) times.push(took)
    if (took > SLOW_MS) break
  }
  return {milliseconds: median(times), answer}
}

const results = []
for (const {name, query, params = {}} of queries) {
  const tree = parse(query, {params})
  const sync = await measure(() => {
    const value = evaluateSync(tree, {dataset, params})
    return value.data ?? null
  })
  const async_ = await measure(async () => (await evaluate(tree, {dataset, params})).get())
  results.push({name, sync: sync.milliseconds, async: async_.milliseconds, answer: async_.answer ?? null})
}
console.log(JSON.stringify(results))
