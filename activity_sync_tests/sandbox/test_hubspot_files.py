"""What the portal tells of files. From the OpenAPI file "Files" of v3, 2026-03 and 2026-09."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from activity_sync_tests.sandbox.hubspot_portal import NOON, Portal, portal

__all__ = ["portal"]


@pytest.mark.parametrize("version", ["v3", "2026-03", "2026-09"])
def test_a_file_is_told_without_its_content(portal: Portal, version: str) -> None:
    portal.store.load({"files": [{"id": "31", "name": "offer", "extension": "pdf", "size": 7}]})

    told = portal.get(f"/files/{version}/files/31").json()

    assert (told["id"], told["name"], told["extension"], told["size"]) == ("31", "offer", "pdf", 7)
    assert (told["access"], told["archived"], told["path"]) == ("PRIVATE", False, "/offer.pdf")


def test_deleted_and_unknown_files_are_not_found(portal: Portal) -> None:
    portal.store.load({"files": [{"id": "31", "name": "offer", "extension": "pdf", "size": 7, "archived": True}]})

    assert [portal.get(f"/files/v3/files/{one}").status_code for one in ("31", "32", "no-id")] == [404, 404, 404]


@pytest.mark.parametrize("scope", ["files", "files.ui_hidden.read"])
def test_either_scope_lets_read(portal: Portal, scope: str) -> None:
    portal.store.load({"files": [{"id": "31", "name": "offer", "extension": "pdf", "size": 7}]})
    portal.set(hubspot_scopes=[scope])

    assert portal.get("/files/v3/files/31").status_code == 200


def form(**fields: str | tuple[str, bytes]) -> dict[str, Any]:
    """An upload as httpx writes forms: a pair is a file."""
    return {
        "files": {name: value if isinstance(value, tuple) else (None, value) for name, value in fields.items() if value}
    }


PRIVATE = '{"access": "PRIVATE"}'


@pytest.mark.parametrize("version", ["v3", "2026-03", "2026-09"])
def test_an_upload_is_found_by_its_path_and_fetched_by_an_address_that_expires(portal: Portal, version: str) -> None:
    content = b"\r\n--not the boundary\r\n\x00\xff"

    made = portal.request(
        "POST",
        f"/files/{version}/files",
        **form(file=("x.txt", content), folderPath="/ours/one", fileName="a b.txt", options=PRIVATE),
    )

    assert made.status_code == 201
    file = made.json()
    assert (file["name"], file["extension"], file["path"]) == ("a b", "txt", "/ours/one/a b.txt")
    assert (file["size"], file["access"]) == (len(content), "PRIVATE")
    assert portal.get(f"/files/{version}/files/stat/ours/one/a%20b.txt").json()["file"]["id"] == file["id"]
    assert "folder" in portal.get(f"/files/{version}/files/stat/ours").json()
    assert portal.get(f"/files/{version}/files/stat/ours/two").status_code == 404
    signed = portal.get(f"/files/{version}/files/{file['id']}/signed-url", expirationSeconds=60).json()["url"]
    assert portal.request("GET", signed).status_code == 400, "the token is not for that service"
    assert portal.fetch(signed).content == content
    assert portal.fetch(signed.replace("signature=", "signature=0")).status_code == 403
    portal.controls.clock.hold(NOON + timedelta(seconds=61))
    assert portal.fetch(signed).status_code == 403


@pytest.mark.parametrize("gives_existing", [False, True])
def test_a_second_upload_to_a_path_makes_a_second_file_or_gives_the_first(
    portal: Portal, *, gives_existing: bool
) -> None:
    portal.set(hubspot_upload_gives_existing=gives_existing)

    first, second = (
        portal.request(
            "POST", "/files/v3/files", **form(file=("x.txt", b"1"), folderPath="/ours", options=PRIVATE)
        ).json()
        for _ in range(2)
    )

    assert (first["id"] == second["id"]) is gives_existing
    assert second["path"] == ("/ours/x.txt" if gives_existing else "/ours/x-1.txt")


def test_what_an_upload_needs(portal: Portal) -> None:
    file = ("x.txt", b"1234")

    def status(**fields: str | tuple[str, bytes]) -> int:
        return portal.request("POST", "/files/v3/files", **form(**fields)).status_code

    assert status(folderPath="/ours", options=PRIVATE) == 400
    assert status(file=file, options=PRIVATE) == 400
    assert status(file=file, folderPath="/ours", folderId="1", options=PRIVATE) == 400
    assert status(file=file, folderPath="/ours") == 400
    assert status(file=file, folderPath="/ours", options='{"access": "SECRET"}') == 400
    portal.set(hubspot_largest_upload=3)
    assert status(file=file, folderPath="/ours", options=PRIVATE) == 413
    portal.set(hubspot_scopes=["files.ui_hidden.read"], hubspot_largest_upload=10)
    assert status(file=file, folderPath="/ours", options=PRIVATE) == 403
    portal.set(hubspot_scopes=["files"])
    assert status(file=file, folderPath="/ours", options=PRIVATE) == 201
