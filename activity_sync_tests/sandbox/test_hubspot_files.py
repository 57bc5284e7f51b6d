"""What the portal tells of files. From the OpenAPI file "Files" of v3, 2026-03 and 2026-09."""

from __future__ import annotations

import pytest

from activity_sync_tests.sandbox.hubspot_portal import Portal, portal

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
