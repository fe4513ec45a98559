// Uploading and fetching with the official client.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { beforeEach, test } from 'node:test'
import { client, refused, reset } from './lake.mjs'

const lake = client()
// One red pixel.
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC',
  'base64',
)
const sha1 = (bytes) => createHash('sha1').update(bytes).digest('hex')

beforeEach(reset)

test('an image from memory, with all that can be said of it', async () => {
  const document = await lake.assets.upload('image', png, {
    filename: 'pixel.png',
    label: 'L',
    title: 'T',
    description: 'D',
    creditLine: 'C',
    contentType: 'image/png',
    extract: ['lqip', 'palette', 'blurhash', 'thumbhash', 'exif', 'location', 'image'],
    source: { id: '1', name: 'camera', url: 'http://source.example' },
    tag: 'upload',
  })
  assert.equal(document._id, `image-${sha1(png)}-1x1-png`)
  assert.deepEqual(
    [document.label, document.title, document.description, document.creditLine, document.originalFilename],
    ['L', 'T', 'D', 'C', 'pixel.png'],
  )
  assert.deepEqual(document.source, { id: '1', name: 'camera', url: 'http://source.example' })
  assert.equal(document.metadata.dimensions.width, 1)
  assert.match(document.metadata.lqip, /^data:image\//)
  assert.equal(document.metadata.palette.dominant._type, 'sanity.imagePaletteSwatch')
  const served = await fetch(document.url)
  assert.equal(served.headers.get('content-type'), 'image/png')
  assert.deepEqual(Buffer.from(await served.arrayBuffer()), png)
  assert.deepEqual(await lake.getDocument(document._id), document)
})

test('a file from a stream', async () => {
  const body = Readable.from([Buffer.from('one '), Buffer.from('two')])
  const document = await lake.assets.upload('file', body, { filename: 'a.txt', contentType: 'text/plain' })
  assert.equal(document._id, `file-${sha1('one two')}-txt`)
  assert.equal(document.mimeType, 'text/plain')
  assert.equal(await (await fetch(`${document.url}?dl=`)).text(), 'one two')
})

test('no metadata is made where an empty list is asked for', async () => {
  const document = await lake.assets.upload('image', png, { extract: [] })
  assert.equal('lqip' in document.metadata, false)
})

test('the same bytes are the same document, in every dataset', async () => {
  const first = await lake.assets.upload('image', png)
  assert.deepEqual(await lake.assets.upload('image', png, { title: 'later' }), first)
  await lake.datasets.create('other')
  assert.equal((await client({ dataset: 'other' }).assets.upload('image', png))._id, first._id)
})

test('what is no image is refused as the service does', async () => {
  const error = await refused(lake.assets.upload('image', Buffer.from('nonsense')), 'ClientError')
  assert.equal(error.statusCode, 400)
  assert.match(error.message, /Bad Request - Invalid image, could not read metadata/)
})

test('an asset is deleted by its document, unless it is referred to', async () => {
  const { _id, url } = await lake.assets.upload('file', Buffer.from('x'))
  await lake.create({ _id: 'a', _type: 'book', file: { _type: 'file', asset: { _type: 'reference', _ref: _id } } })
  const error = await refused(lake.delete(_id), 'ClientError')
  assert.equal(error.statusCode, 409)
  assert.equal(error.details.items[0].error.type, 'documentHasExistingReferencesError')
  await lake.delete('a')
  await lake.delete(_id)
  assert.equal((await fetch(url)).status, 404)
})
