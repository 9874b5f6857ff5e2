"""What real programs said in every protocol, replayed beside other readers of captures."""

import json
import subprocess
import tempfile
from pathlib import Path

import cost
import measure
import talks
from report import Row

ROUNDS = 3
# A capture holds so many exchanges at least, so that starting is little of a run.
EXCHANGES = 20_000

# By protocol: tshark's name for it, what it is asked for, and how many times less we promise.
TSHARK = {
    "amqp": ("amqp", ["amqp.method.class", "amqp.method.method", "amqp.method.arguments.routing_key"], 200),
    "cassandra": ("cql", ["cql.opcode", "cql.stream", "cql.string"], 200),
    "dns": ("dns", ["dns.qry.name", "dns.flags.rcode"], 200),
    "ftp": ("ftp", ["ftp.request.command", "ftp.request.arg", "ftp.response.code"], 200),
    "http2": ("http2", ["http2.headers.path", "http2.headers.status"], 100),
    "imap": ("imap", ["imap.request", "imap.response"], 200),
    "kafka": ("kafka", ["kafka.api_key", "kafka.api_version", "kafka.correlation_id", "kafka.topic_name"], 100),
    "ldap": ("ldap", ["ldap.protocolOp", "ldap.baseObject", "ldap.resultCode"], 200),
    "memcached": ("memcache", ["memcache.command", "memcache.key"], 200),
    "mongodb": ("mongo", ["mongo.opcode", "mongo.full_collection_name", "mongo.element.name"], 100),
    "mqtt": ("mqtt", ["mqtt.msgtype", "mqtt.topic"], 200),
    "mysql": ("mysql", ["mysql.command", "mysql.query", "mysql.error_code"], 200),
    "pop3": ("pop", ["pop.request.command", "pop.response.indicator"], 200),
    "postgres": ("pgsql", ["pgsql.type", "pgsql.query", "pgsql.val.data", "pgsql.tag"], 200),
    "redis": ("resp", ["resp.bulk_string.value"], 200),
    "smtp": ("smtp", ["smtp.req.command", "smtp.response.code"], 200),
    "tds": ("tds", ["tds.type", "tds.query", "tds.rpc.name"], 200),
}
# What pt-query-digest reads too, and how many times less we promise.
DIGESTED, DIGEST = "a SELECT", 500


def run(plainsight, _cache, rounds=ROUNDS):
    """Of each protocol that others read too: every talk of its fixtures, and the exchanges that a user makes most."""
    fixtures, ceilings = talks.fixtures(), json.loads(cost.CEILINGS.read_text())
    with tempfile.TemporaryDirectory() as folder:
        for name in TSHARK:
            path = Path(folder, f"{name}.pcap")
            yield from rows(plainsight, path, name, "an exchange of its fixtures", cost.talked(fixtures[name]), rounds)
            for steady in ceilings[name].get("steady", []):
                yield from rows(plainsight, path, name, steady["what"], cost.steadily(fixtures[name], steady), rounds)


def rows(plainsight, path, name, what, write, rounds):
    count = lay_out(plainsight, path, write)
    theirs = {"tshark -T fields": (tshark(name, path), TSHARK[name][2])}
    # It gives up where talks are refused, encrypted or in pieces, as some of the fixtures are.
    if name == "mysql" and what == DIGESTED:
        theirs["pt-query-digest --type tcpdump"] = (digest(path), DIGEST)
    for peer, (command, _) in theirs.items():
        if not measure.lines(command):
            raise RuntimeError(f"{peer} reads nothing of {name}")
    ours = {mode: [plainsight, "replay", f"--{mode}", path] for mode in ("json", "quiet")}
    commands = ours | {peer: command for peer, (command, _) in theirs.items()}
    figures = measure.alternate(rounds, {peer: lambda command=command: measure.settled(command) for peer, command in commands.items()})
    each = {peer: measure.median(spent) / count * 1e6 for peer, spent in figures.items()}
    for mode in ours:
        for peer, (_, promised) in theirs.items():
            beside = f"{peer}: {each[peer]:.1f} us, here {each[mode]:.2f} us"
            times_less = measure.ratio(figures[peer], figures[mode])
            yield Row.at_least(f"replay --{mode}, {name}, {what}: less CPU", beside, times_less, promised)


def lay_out(plainsight, path, write):
    """Writes the talks as often as it takes; how many exchanges there are, by our own reading."""
    times, count = 1, 0
    while count < EXCHANGES:
        if count:
            times = -(-times * EXCHANGES // count)
        write(path, times)
        count = measure.lines([plainsight, "replay", "--json", path])
    return count


def tshark(name, path):
    layer, fields, _ = TSHARK[name]
    folder = next(talks.FOLDERS.glob(f"*/{name}"))
    wanted = [word for field in ["frame.time_epoch", "tcp.stream", *fields] for word in ("-e", field)]
    decoded = ["-d", f"tcp.port=={talks.port(folder)},{layer}", "-Y", layer]
    return ["tshark", "-n", "-r", path, *decoded, "-T", "fields", *wanted]


def digest(path):
    """It reads what tcpdump prints; that costs it nothing here."""
    printed = path.with_suffix(".txt")
    with printed.open("w") as out:
        subprocess.run(["tcpdump", "-s", "65535", "-x", "-nn", "-q", "-tttt", "-r", path], stdout=out, stderr=subprocess.DEVNULL, check=True)
    return ["pt-query-digest", "--type", "tcpdump", printed]
