import os, random, subprocess, sys, time, pytest
sys.path.insert(0, "/work/main")
from pathlib import Path
from tests.integration.conftest import Desk
from tests.integration import test_log as T
from xinyong.ledger.log import effect, verify
_LOOP = "import django; django.setup()\nfrom xinyong.ledger.log import effect\nprint('up', flush=True)\nimport time\nwhile True:\n    effect.{deed}()\n    time.sleep(0.005)\n"
def test_campaign(desk):
    luck = random.Random(5)
    end = time.time() + float(os.environ.get("CAMPAIGN", "120"))
    n = 500_000; kills = 0; busy = 0
    procs = []
    def start():
        deed = "rebuild" if luck.random() < .1 else "catch_up"
        return subprocess.Popen([sys.executable, "-c", _LOOP.format(deed=deed)], stdout=subprocess.DEVNULL, stderr=open("/tmp/campaign.err","a"))
    procs = [start() for _ in range(4)]
    while time.time() < end:
        c = luck.choice([1, 2, 40, 300, 900]); T.take(desk, n, c); n += c
        for _ in range(3):
            time.sleep(luck.random() * 0.1)
            i = luck.randrange(4)
            if procs[i].poll() is not None: print("died", procs[i].returncode)
            procs[i].kill(); procs[i].wait(); procs[i] = start(); kills += 1
            pend = desk.one("SELECT count(*) FROM ledger_event WHERE id > coalesce((SELECT event_id FROM ledger_effect_position WHERE effect='log'),0)")
            busy += pend > 0
    for p in procs: p.kill(); p.wait()
    effect.catch_up()
    r = verify.verify(contents=True)
    before = T.files(T.here(desk)); effect.rebuild(); assert T.files(T.here(desk)) == before
    print("kills", kills, "with work pending", busy, "leaves", r.size, "ranges", r.checkpoints)
    assert r.findings == []
    assert r.size == desk.one("SELECT count(*) FROM ledger_version")
    # end to end rate
    import csv
    rows = [desk.registration(desk.code(k), f"示例{k}速率有限公司") for k in range(1_000_000, 1_100_000)]
    d = desk.take(rows); print("intake", d.rows_per_second)
    t = time.time(); effect.catch_up(); dt = time.time() - t; print("end to end leaves/s", 100_000 / dt)
    t = time.time(); v = verify.verify(); print("verify all", v.size, v.seconds, v.tile_seconds, v.found)
    t = time.time(); v = verify.verify(contents=True); print("verify content", v.size, v.seconds, v.found)
    t = time.time(); effect.rebuild(); print("rebuild", v.size/(time.time() - t))
    rec = desk.one("SELECT max(record_id) FROM ledger_record")
    from xinyong.ledger.log import proof
    for _ in range(3):
        t = time.time(); proof.make(rec); print("proof.make ms", (time.time()-t)*1000)
