"""Uploading images and files, and fetching them again."""

import hashlib
from io import BytesIO

import pytest
from PIL import Image

from lakesim import Lake
from lakesim.limits import Limits

V = "/v2025-02-19"


def png(colour=(200, 30, 30), size=(6, 4)):
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def upload(direct):
    def upload(kind, body, *, status=201, headers=None, **params):
        answer = direct.post(f"{V}/assets/{kind}s/production", content=body, params=params, headers=headers or {})
        assert answer.status_code == status, answer.text
        return answer.json()["document"] if status == 201 else answer.json()

    return upload


def test_an_image_has_a_document_that_says_what_it_is(upload, dataset):
    body = png()
    sha1 = hashlib.sha1(body).hexdigest()
    options = {"filename": "red.png", "title": "Red", "creditLine": "me", "sourceId": "1", "sourceName": "s"}
    options["sourceUrl"] = "https://s.example/1"
    document = upload("image", body, **options)
    assert document == dataset.get(f"image-{sha1}-6x4-png")
    assert document["_type"] == "sanity.imageAsset"
    assert document["path"] == f"images/lakesim/production/{sha1}-6x4.png"
    assert document["url"].endswith(document["path"])
    expected = {
        "assetId": sha1,
        "sha1hash": sha1,
        "extension": "png",
        "mimeType": "image/png",
        "size": len(body),
        "originalFilename": "red.png",
        "title": "Red",
        "creditLine": "me",
        "source": {"id": "1", "name": "s", "url": "https://s.example/1"},
    }
    assert {name: document[name] for name in expected} == expected
    assert {"blurHash", "lqip", "palette"} < set(document["metadata"])
    assert "exif" not in document["metadata"]


def test_metadata_is_made_as_asked(upload):
    assert "lqip" not in upload("image", png(), meta="none")["metadata"]
    told = upload("image", png((1, 2, 3)), meta=["thumbhash", "lqip"])["metadata"]
    assert {"thumbHash", "lqip"} < set(told)
    assert "palette" not in told
    assert "there are: blurhash" in upload("image", png((4, 5, 6)), status=400, meta="pallete")["error"]["description"]


def test_the_same_bytes_are_the_same_document(upload, dataset):
    first = upload("image", png(), title="first")
    assert upload("image", png(), title="second") == first
    assert len(dataset) == 1


@pytest.mark.parametrize(
    ("params", "content_type", "extension", "mime_type"),
    [
        ({"filename": "a.PDF"}, None, "pdf", "application/pdf"),
        ({"filename": "a.bin"}, "text/csv", "bin", "text/csv"),
        ({}, "application/json", "json", "application/json"),
        ({}, None, "bin", "application/octet-stream"),
        ({"filename": "../../etc/passwd"}, None, "bin", "application/octet-stream"),
    ],
)
def test_a_file_is_named_by_its_name_and_type(upload, params, content_type, extension, mime_type):
    headers = {"content-type": content_type} if content_type else {}
    document = upload("file", b"bytes", headers=headers, **params)
    assert document["_id"] == f"file-{hashlib.sha1(b'bytes').hexdigest()}-{extension}"
    assert (document["_type"], document["mimeType"]) == ("sanity.fileAsset", mime_type)
    assert "metadata" not in document


def test_what_was_uploaded_is_served_and_cached(upload, direct):
    body = png()
    path = "/" + upload("image", body, filename="my picture.png")["path"]
    served = direct.get(path)
    assert (served.content, served.headers["content-type"]) == (body, "image/png")
    assert "max-age" in served.headers["cache-control"]
    assert "sandbox" in served.headers["content-security-policy"]
    assert direct.get(path, headers={"if-none-match": served.headers["etag"]}).status_code == 304
    assert "content-disposition" not in served.headers
    assert 'filename="my picture.png"' in direct.get(path + "?dl").headers["content-disposition"]
    saved = direct.get(path, params={"dl": 'a"b\r\nc\u00e9.png'}).headers["content-disposition"]
    assert "filename=\"a_b__c_.png\"; filename*=UTF-8''a%22b%0D%0Ac%C3%A9.png" in saved
    assert direct.get(path + "/pretty-name.png").content == body


def test_another_rendition_has_its_own_tag(upload, direct):
    path = "/" + upload("image", png())["path"]
    small = direct.get(path, params={"w": "3"})
    assert Image.open(BytesIO(small.content)).size == (3, 2)
    assert small.headers["etag"] != direct.get(path).headers["etag"]
    assert direct.get(path, params={"w": "0"}).status_code == 400
    assert direct.get(path, params={"auto": "format"}).headers["vary"] == "Accept"


@pytest.mark.parametrize(
    ("wanted", "status", "told", "part"),
    [
        ("bytes=0-3", 206, "bytes 0-3/10", b"0123"),
        ("bytes=4-", 206, "bytes 4-9/10", b"456789"),
        ("bytes=-3", 206, "bytes 7-9/10", b"789"),
        ("bytes=-99", 206, "bytes 0-9/10", b"0123456789"),
        ("bytes=9-99", 206, "bytes 9-9/10", b"9"),
        ("Bytes= 2-2", 206, "bytes 2-2/10", b"2"),
        ("bytes=10-", 416, "bytes */10", b""),
        ("bytes=-0", 416, "bytes */10", b""),
        *(
            (text, 200, None, b"0123456789")
            for text in ("bytes=3-1", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-1,3-4", "bytes=" + "9" * 30 + "-")
        ),
    ],
)
def test_a_part_of_a_file_is_sent_on_request(upload, direct, wanted, status, told, part):
    path = "/" + upload("file", b"0123456789", filename="a.txt")["path"]
    answer = direct.get(path, headers={"range": wanted})
    assert (answer.status_code, answer.headers.get("content-range"), answer.content) == (status, told, part)
    assert answer.headers["accept-ranges"] == "bytes"


def test_a_part_is_sent_only_of_the_file_that_is_meant(upload, direct):
    path = "/" + upload("file", b"0123456789", filename="a.txt")["path"]
    tag = direct.get(path).headers["etag"]
    statuses = {
        given: direct.get(path, headers={"range": "bytes=0-3", "if-range": given}).status_code
        for given in (tag, '"other"', f"W/{tag}")
    }
    assert statuses == {tag: 206, '"other"': 200, f"W/{tag}": 200}
    assert direct.get(path, headers={"range": "bytes=0-3", "if-none-match": tag}).status_code == 304
    assert direct.request("HEAD", path, headers={"range": "bytes=0-3"}).status_code == 200


@pytest.mark.parametrize("body", [b"nonsense", b"", b"\x89PNG\r\n\x1a\n"])
def test_a_broken_image_is_refused_as_the_service_does(upload, dataset, body):
    refusal = upload("image", body, status=400)
    assert refusal["message"] == "Invalid image, could not read metadata"
    assert refusal["details"]
    assert len(dataset) == 0


def test_an_asset_goes_with_its_document_which_stays_while_it_is_referred_to(upload, direct, dataset):
    document = upload("file", b"bytes", filename="a.txt")
    reference = {"_type": "reference", "_ref": document["_id"]}
    dataset.mutate([{"create": {"_id": "a", "_type": "t", "file": {"_type": "file", "asset": reference}}}])
    mutations = {"mutations": [{"delete": {"id": document["_id"]}}]}
    assert direct.post(f"{V}/data/mutate/production", json=mutations).status_code == 409
    dataset.mutate([{"delete": {"id": "a"}}])
    assert direct.post(f"{V}/data/mutate/production", json=mutations).status_code == 200
    gone = direct.get("/" + document["path"])
    assert (gone.status_code, gone.json()["error"]) == (404, "Not Found")
    assert upload("file", b"bytes", filename="a.txt")["_id"] == document["_id"]
    assert direct.get("/" + document["path"]).content == b"bytes"


@pytest.mark.parametrize(
    "path",
    [
        "/images/lakesim/production/nonsense",
        f"/images/lakesim/production/{'a' * 40}-6x4.png",
        f"/files/lakesim/production/{'a' * 40}.txt",
        f"/files/lakesim/nope/{'a' * 40}.txt",
    ],
)
def test_what_was_never_uploaded_is_not_found(direct, path):
    assert direct.get(path).status_code == 404


def test_limits_of_an_upload(direct_app):
    limits = Limits(mutation_body_bytes_max=1000, upload_bytes_max=2000, image_pixels_max=100)
    app = direct_app(make_lake=lambda project_id: Lake(seed=0, limits=limits))
    path = f"{V}/assets/files/production"
    assert app.post(path, content=b"x" * 1500).status_code == 201
    assert app.post(path, content=b"x" * 2500).status_code == 413
    too_many = app.post(f"{V}/assets/images/production", content=png(size=(11, 10)))
    assert (too_many.status_code, "more than 100" in too_many.json()["details"]) == (400, True)
    for name, length in {"title": 301, "description": 5001}.items():
        assert app.post(path, params={name: "x" * length}).status_code == 400


def test_an_upload_takes_a_right_to_create(direct_app):
    app = direct_app("root", "eyes:viewer")
    for headers, status in (
        ({}, 403),
        ({"authorization": "Bearer eyes"}, 403),
        ({"authorization": "Bearer root"}, 201),
    ):
        answer = app.post(f"{V}/assets/images/production", content=png(), headers=headers)
        assert answer.status_code == status, answer.text
