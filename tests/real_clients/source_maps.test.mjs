// Source maps, and what the official client makes of them: edit links, optimistic results, stega.
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { applySourceDocuments, resolveEditInfo, resolveEditUrl, studioPath } from '@sanity/client/csm'
import { stegaClean } from '@sanity/client/stega'
import { client, refused, reset } from './lake.mjs'

const studioUrl = 'https://studio.example'
const lake = client({ perspective: 'drafts', token: 'any' })
const QUERY = `*[_type == "book"] | order(_id) {
  title, slug, "by": author->{_id, name}, "first": sections[0].heading, sections[]{_key, heading}, body, "n": count(sections)
}`

beforeEach(reset)

// The hooks of all files run before every test of all files, so the documents are no part of them.
const seed = () =>
  lake.mutate([
    { create: { _id: 'a1', _type: 'author', name: 'Ann' } },
    { create: { _id: 'drafts.a1', _type: 'author', name: 'Ann of the draft' } },
    {
      create: {
        _id: 'b1',
        _type: 'book',
        title: 'One',
        slug: { _type: 'slug', current: 'one' },
        author: { _type: 'reference', _ref: 'a1' },
        sections: [
          { _key: 'k1', heading: 'Beginning' },
          { _key: 'k2', heading: 'End' },
        ],
        body: [{ _key: 'p', _type: 'block', children: [{ _key: 's', _type: 'span', text: 'Once', marks: [] }] }],
      },
    },
  ])

async function fetched(resultSourceMap) {
  return lake.fetch(QUERY, {}, { filterResponse: false, resultSourceMap })
}

test('a map comes with the whole response', async () => {
  await seed()
  const answer = await fetched(true)
  assert.equal(answer.result[0].by.name, 'Ann of the draft')
  assert.deepEqual(answer.resultSourceMap.documents, [
    { _id: 'b1', _type: 'book' },
    { _id: 'drafts.a1', _type: 'author' },
  ])
  assert.equal('resultSourceMap' in (await fetched(false)), false)
})

test('every text leads to where it is edited', async () => {
  await seed()
  const { resultSourceMap } = await fetched('withKeyArraySelector')
  const edited = (...resultPath) => {
    const info = resolveEditInfo({ studioUrl, resultSourceMap, resultPath })
    return info && [info.id, info.type, studioPath.toString(info.path)]
  }
  assert.deepEqual(edited(0, 'title'), ['b1', 'book', 'title'])
  assert.deepEqual(edited(0, 'slug', 'current'), ['b1', 'book', 'slug.current'])
  assert.deepEqual(edited(0, 'by', 'name'), ['drafts.a1', 'author', 'name'])
  assert.deepEqual(edited(0, 'first'), ['b1', 'book', 'sections[_key=="k1"].heading'])
  assert.deepEqual(edited(0, 'sections', { _key: 'k2', _index: 1 }, 'heading'), ['b1', 'book', 'sections[_key=="k2"].heading'])
  assert.deepEqual(edited(0, 'body', 0, 'children', 0, 'text'), ['b1', 'book', 'body[_key=="p"].children[_key=="s"].text'])
  assert.equal(edited(0, 'n'), undefined)
  const url = resolveEditUrl({ studioUrl, resultSourceMap, resultPath: studioPath.fromString('[0].by.name') })
  assert.match(url, /^https:\/\/studio\.example\/intent\/edit\/mode=presentation;id=a1;type=author;path=name/)
})

test('with positions the paths hold positions', async () => {
  await seed()
  const { resultSourceMap } = await fetched(true)
  const { path } = resolveEditInfo({ studioUrl, resultSourceMap, resultPath: [0, 'sections', 1, 'heading'] })
  assert.deepEqual(path, ['sections', 1, 'heading'])
})

test('a result is updated from documents before it is fetched again', async () => {
  await seed()
  for (const option of [true, 'withKeyArraySelector']) {
    const { result, resultSourceMap } = await fetched(option)
    const [book, author] = await lake.getDocuments(['b1', 'drafts.a1'])
    const documents = [
      { ...book, title: 'Two', sections: [book.sections[0], { _key: 'k2', heading: 'New end' }] },
      { ...author, name: 'Anna' },
    ]
    const updated = applySourceDocuments(
      result,
      resultSourceMap,
      (source) => documents.find((one) => one._id === source._id),
      (changed) => changed,
      'drafts',
    )
    assert.equal(updated[0].title, 'Two')
    assert.equal(updated[0].by.name, 'Anna')
    assert.deepEqual(updated[0].sections.map((section) => section.heading), ['Beginning', 'New end'])
    // What was not changed, and what no document holds, stays.
    assert.deepEqual([updated[0].first, updated[0].n], ['Beginning', 2])
    // The same documents change nothing but what the perspective rewrites.
    const same = applySourceDocuments(
      result,
      resultSourceMap,
      (source) => [book, author].find((one) => one._id === source._id),
      (changed) => changed,
      'drafts',
    )
    assert.deepEqual(same, result)
  }
})

test('stega hides the edit link in texts', async () => {
  await seed()
  const visual = lake.withConfig({ stega: { enabled: true, studioUrl } })
  const plain = await lake.fetch(QUERY)
  const encoded = await visual.fetch(QUERY)
  assert.deepEqual(stegaClean(encoded), plain)
  for (const [text, clean] of [
    [encoded[0].title, 'One'],
    [encoded[0].by.name, 'Ann of the draft'],
    [encoded[0].sections[1].heading, 'End'],
    [encoded[0].body[0].children[0].text, 'Once'],
  ]) {
    assert.ok(text.length > clean.length && text.startsWith(clean), clean)
  }
  // Slugs are never encoded.
  assert.equal(encoded[0].slug.current, 'one')
})

test('what is no option is refused', async () => {
  const error = await refused(lake.request({ uri: '/data/query/production?query=*&resultSourceMap=some' }), 'ClientError')
  assert.match(error.message, /resultSourceMap/)
})
