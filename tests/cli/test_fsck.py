from __future__ import annotations


def test_a_sound_trace(trace):
    trace("commit", "hello")
    done = trace("fsck")
    assert (done.code, done.out, done.err) == (0, "", "all is well\n")
    assert trace("fsck", "--json").json == {"schema_version": 1, "findings": []}


def test_damage_is_named_and_is_exit_code_5(trace, here):
    trace("commit", "hello")
    for pack in (here / ".trace" / "objects" / "pack").glob("*.pack"):
        data = bytearray(pack.read_bytes())
        data[len(data) // 2] ^= 0xFF
        pack.chmod(0o644)
        pack.write_bytes(bytes(data))
    done = trace("fsck")
    assert done.code == 5
    assert done.out
    findings = trace("fsck", "--json")
    assert findings.code == 5
    assert {"kind", "name", "text"} <= set(findings.json["findings"][0])
