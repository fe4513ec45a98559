// Which public methods the client has, and which of them were called.
import { createClient } from '@sanity/client'

const called = new Set()
const recorded = new WeakSet()
const SUBCLIENTS = ['assets', 'datasets', 'live', 'projects', 'releases', 'users', 'mediaLibrary', 'agent']

// What has no meaning for a lake; each with the reason.
export const NOT_APPLICABLE = {
  'client.mediaLibrary.video.getPlaybackInfo': 'the Media Library is another service',
  'client.agent.action.generate': 'language models are another service',
  'client.agent.action.transform': 'language models are another service',
  'client.agent.action.translate': 'language models are another service',
  'client.agent.action.prompt': 'language models are another service',
  'client.agent.action.patch': 'language models are another service',
}

// The objects that have methods, by name. Observable forms share names with the others, with "observable" before.
function* holders(client, prefix = 'client') {
  yield [prefix, client]
  for (const name of SUBCLIENTS) yield* nested(`${prefix}.${name}`, client[name])
  yield [`${prefix}.patch()`, client.patch('a')]
  yield [`${prefix}.transaction()`, client.transaction()]
  if (prefix === 'client') yield* holders(client.observable, 'client.observable')
}

function* nested(name, holder) {
  const isPlain = Object.getPrototypeOf(holder) === Object.prototype
  if (!isPlain) yield [name, holder]
  else for (const key of Object.keys(holder)) yield* nested(`${name}.${key}`, holder[key])
}

function* prototypes(holder) {
  for (let one = Object.getPrototypeOf(holder); one !== Object.prototype; one = Object.getPrototypeOf(one)) yield one
}

function methodsOf(prototype) {
  return Object.getOwnPropertyNames(prototype).filter(
    (name) =>
      name !== 'constructor' &&
      !name.startsWith('_') &&
      typeof Object.getOwnPropertyDescriptor(prototype, name).value === 'function',
  )
}

// Note every call of a method, under the name of the class that has it.
export function record(client) {
  for (const [holder, object] of holders(client)) {
    for (const prototype of prototypes(object)) {
      if (recorded.has(prototype)) continue
      recorded.add(prototype)
      for (const name of methodsOf(prototype)) {
        const original = prototype[name]
        prototype[name] = function (...given) {
          called.add(`${holder}.${name}`)
          return original.apply(this, given)
        }
      }
    }
  }
}

// The same for the methods that each client has of its own.
export function recordOwn(client) {
  for (const [prefix, one] of [['client', client], ['client.observable', client.observable]]) {
    const original = one.listen
    one.listen = function (...given) {
      called.add(`${prefix}.listen`)
      return original.apply(one, given)
    }
  }
  return client
}

// The public methods that were neither called nor have a reason not to be.
export function untried() {
  const client = createClient({ projectId: 'real', dataset: 'production', apiVersion: '2025-02-19', useCdn: false })
  const names = new Set(['client.listen', 'client.observable.listen'])
  const seen = new WeakSet()
  for (const [holder, object] of holders(client)) {
    for (const prototype of prototypes(object)) {
      if (seen.has(prototype)) continue
      seen.add(prototype)
      for (const name of methodsOf(prototype)) names.add(`${holder}.${name}`)
    }
  }
  const reasons = new Set(Object.keys(NOT_APPLICABLE).flatMap((name) => [name, name.replace('client', 'client.observable')]))
  return { all: [...names], missing: [...names].filter((name) => !called.has(name) && !reasons.has(name)) }
}
