//! Choosing what is watched, by real programs: who is left out costs no line, from the start and while the watch runs.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::access::Access;
use crate::support::ground::{Ground, ground};
use crate::support::libraries::changed_bytes;
use crate::support::nginx::Nginx;
use crate::support::postgres::{PROGRAMS, Postgres};
use crate::support::process::{Lines, Running, program, run};
use crate::support::stores::Redis;
use crate::support::watch::{Seen, Watch};

/// What these tests need.
const NEEDED: [&str; 9] =
    ["initdb", "postgres", "psql", "openssl", "setpriv", "redis-server", "redis-cli", "nginx", "curl"];

/// Servers of three kinds, and a call of each by a client of its own: in clear, and over TLS.
struct Shop {
    postgres: Postgres,
    redis: Redis,
    nginx: Nginx,
}

impl Shop {
    fn open(ground: &Ground) -> Shop {
        Shop { postgres: Postgres::start(ground), redis: Redis::start(ground), nginx: Nginx::start(ground) }
    }

    /// Every client makes its calls.
    fn trade(&self, round: &str) {
        for tls in ["sslmode=disable", "sslmode=require"] {
            run(self.postgres.psql(tls, "shop").args(["-c", &format!("select '{round}'")]));
        }
        let redis = |arguments: &[&str]| {
            run(program("redis-cli").args(arguments).args(["get", round]));
        };
        redis(&["-p", &self.redis.plain.to_string()]);
        redis(&["-p", &self.redis.tls.to_string(), "--tls", "--insecure"]);
        for url in urls(&self.nginx) {
            run(program("curl").args(["-sk", &format!("{url}/{round}")]));
        }
    }
}

/// Where a server is, in clear and over TLS.
fn urls(nginx: &Nginx) -> [String; 2] {
    [format!("http://127.0.0.1:{}", nginx.plain), format!("https://127.0.0.1:{}", nginx.tls)]
}

/// Which clients asked in a round, each with the layers it was heard on.
fn clients(seen: &[Access], round: &str) -> Vec<String> {
    let asked =
        seen.iter().filter(|access| access.statement.as_deref().is_some_and(|text| text.contains(round)));
    let mut clients: Vec<String> = asked
        .map(|access| {
            let name = access.process.as_ref().map_or("", |process| process.name.as_str());
            format!("{name} {}", access.layer)
        })
        .collect();
    clients.sort();
    clients.dedup();
    clients
}

/// The name of this test's own process, which its fence's calls have.
fn own_name() -> String {
    fs::read_to_string("/proc/self/comm").unwrap().trim().to_owned()
}

const ALL: [&str; 6] =
    ["curl plain", "curl tls", "psql plain", "psql tls", "redis-cli plain", "redis-cli tls"];

#[test]
fn a_client_is_chosen_by_its_name_and_a_server_by_its_own() {
    let Some(ground) = ground("choosing", &NEEDED) else { return };
    let shop = Shop::open(&ground);
    for (name, expected) in [
        ("psql", &ALL[2..4]),
        ("postgres", &ALL[2..4]),
        ("redis-cli", &ALL[4..]),
        ("redis-server", &ALL[4..]),
        ("curl", &ALL[..2]),
        ("nginx", &ALL[..2]),
        ("nobody-has-such", &[]),
    ] {
        let watch = Watch::with(&["--name", &format!("{name},{}", own_name())]);
        shop.trade("once");
        let seen = watch.end();
        assert_eq!(clients(&seen.accesses, "once"), expected, "{name}");
        assert!(seen.accesses.iter().all(|access| access.complete.ok), "{name}: {:#?}", seen.accesses);
        seen.assert_holds();
    }
}

#[test]
fn ports_users_directions_and_processes_are_chosen() {
    let Some(ground) = ground("choosing", &NEEDED) else { return };
    let shop = Shop::open(&ground);
    let own = std::process::id().to_string();
    let (server, redis) = (shop.postgres.pid().to_string(), shop.redis.pid().to_string());
    let port = shop.postgres.port.to_string();
    let processes = format!("{server},{own}");
    let cases: [(&[&str], &[&str]); 6] = [
        // This test starts the clients, and the servers too.
        (&["--pid", &own], &ALL),
        // What a server starts is its own.
        (&["--pid", &processes, "--name", "postgres,psql"], &ALL[2..4]),
        (&["--pid", &redis, "--direction", "in"], &ALL[4..]),
        (&["--pid", &redis, "--direction", "out"], &[]),
        (&["--uid", "postgres"], &ALL[2..4]),
        (&["--uid", "postgres", "--port", &port, "--name", "psql"], &ALL[2..4]),
    ];
    for (filters, expected) in cases {
        let watch = Watch::with(filters);
        shop.trade("once");
        let seen = watch.stop();
        assert_eq!(clients(&seen.accesses, "once"), expected, "{filters:?}");
        seen.assert_holds();
    }
}

/// A server that nobody asks for pays nothing: there is no hook in its code. One that is asked for is shown whole.
#[test]
fn who_is_not_asked_for_by_its_id_has_no_hook() {
    let Some(ground) = ground("choosing", &NEEDED) else { return };
    let shop = Shop::open(&ground);
    let (asked, other) = (shop.redis.pid(), shop.nginx.pid());
    let watch = Watch::with(&["--pid", &asked.to_string()]);
    for round in ["first", "second"] {
        shop.trade(round);
        assert!(changed_bytes(asked, "libssl") > 0);
        assert_eq!(changed_bytes(other, "libssl"), 0, "{round}");
    }
    let seen = watch.stop();
    for round in ["first", "second"] {
        assert_eq!(clients(&seen.accesses, round), &ALL[4..]);
    }
    assert!(seen.accesses.iter().all(|access| access.complete.ok), "{:#?}", seen.accesses);
    seen.assert_holds();
}

#[test]
fn who_is_left_out_is_not_even_counted() {
    let Some(ground) = ground("choosing", &NEEDED) else { return };
    let shop = Shop::open(&ground);
    let watch = Watch::with(&["--name", "nobody-has-such"]);
    shop.trade("once");
    let seen = watch.stop();
    assert_eq!(seen.statistics["kernel"]["seen_bytes"], 0, "{:#}", seen.statistics);
    assert_eq!(seen.statistics["connections"], 0, "{:#}", seen.statistics);
}

#[test]
fn filters_in_a_file_change_while_they_hold() {
    let Some(ground) = ground("choosing", &NEEDED) else { return };
    let shop = Shop::open(&ground);
    let file = ground.folder.path().join("filters");
    let ask = |names: &str| fs::write(&file, format!("# who\n--name {names},{}\n", own_name())).unwrap();
    ask("psql");
    // A connection that stays open over all the changes.
    let long = LongTalk::begin(&shop.postgres);
    let mut watch = Watch::with(&["--filters", file.to_str().unwrap()]);
    shop.trade("first");
    // What it says first may be read at the server before the client was met.
    long.say("warming up");
    long.say("long one");
    watch.catch_up();
    ask("curl");
    watch.until_told("read again");
    shop.trade("second");
    long.say("long two");
    watch.catch_up();
    fs::write(&file, "--no-such-filter\n").unwrap();
    watch.until_told("holds on");
    shop.trade("third");
    ask("redis-cli,psql");
    watch.until_told("read again");
    shop.trade("fourth");
    long.say("warming up");
    long.say("long four");
    long.end();
    let seen = watch.end();
    assert_eq!(clients(&seen.accesses, "first"), &ALL[2..4]);
    assert_eq!(clients(&seen.accesses, "second"), &ALL[..2]);
    assert_eq!(clients(&seen.accesses, "third"), &ALL[..2], "what was asked for before holds on");
    assert_eq!(clients(&seen.accesses, "fourth"), &ALL[2..]);
    assert_eq!(clients(&seen.accesses, "long one"), ["psql tls"]);
    assert!(clients(&seen.accesses, "long two").is_empty());
    assert_eq!(
        clients(&seen.accesses, "long four"),
        ["psql tls"],
        "a connection that was left out is joined again: {:#?}",
        seen.accesses
    );
    seen.assert_holds();
}

/// A `psql` that is told what to say, line by line.
struct LongTalk {
    running: Running,
    lines: Lines,
}

impl LongTalk {
    fn begin(server: &Postgres) -> LongTalk {
        let mut running = Running::start(&mut server.psql("sslmode=require", "shop"));
        let lines = Lines::of(running.0.stdout.take().unwrap());
        let talk = LongTalk { running, lines };
        talk.say("begin");
        talk
    }

    /// Asks, and waits for the answer.
    fn say(&self, word: &str) {
        let mut input = self.running.0.stdin.as_ref().unwrap();
        input.write_all(format!("select '{word}';\n").as_bytes()).unwrap();
        self.lines.until(word);
    }

    fn end(self) {
        self.running.end_well();
    }
}

/// Connections of each kind, and of how many one is read.
const CONNECTIONS: usize = 300;
const SAMPLE: usize = 3;
/// Five deviations of so many draws: sqrt(n p (1 - p)) is 8.2.
const DEVIATION: usize = 41;

#[test]
fn a_sample_is_of_whole_connections_and_says_for_how_many_it_stands() {
    let Some(ground) = ground("choosing", &["nginx", "openssl", "ab"]) else { return };
    let nginx = Nginx::start(&ground);
    for (url, layer) in urls(&nginx).into_iter().zip(["plain", "tls"]) {
        let port = url.rsplit(':').next().unwrap().to_owned();
        let sample = format!("1/{SAMPLE}");
        let watch = Watch::with(&["--sample", &sample, "--port", &port]);
        // Each `ab` without -k opens a connection for each request.
        run(program("ab").args([
            "-q",
            "-n",
            &CONNECTIONS.to_string(),
            "-c",
            "4",
            &format!("{url}/small.txt"),
        ]));
        let seen = watch.stop();
        let mut connections: HashMap<&str, usize> = HashMap::new();
        for access in &seen.accesses {
            assert_eq!((&*access.layer, access.weight), (layer, SAMPLE as u64), "{access:#?}");
            assert!(access.complete.ok && access.latency_us.is_some(), "{access:#?}");
            *connections.entry(&access.connection).or_default() += 1;
        }
        assert!(connections.values().all(|calls| *calls == 1), "{connections:#?}");
        let read = connections.len();
        assert!(read.abs_diff(CONNECTIONS / SAMPLE) <= DEVIATION, "{read} of {CONNECTIONS} were read");
        let weights: u64 = seen.accesses.iter().map(|access| access.weight).sum();
        assert_eq!(weights, (read * SAMPLE) as u64);
        assert!(seen.lost("sampled_out") > 0, "{:#}", seen.statistics);
        seen.assert_holds();
    }
}

#[test]
fn what_is_over_the_rate_is_told_as_lost() {
    let Some(ground) = ground("choosing", &[PROGRAMS.as_slice(), &["pgbench"]].concat()) else { return };
    let server = Postgres::start(&ground);
    run(program("pgbench").args(["-i", "-q", &server.conninfo("sslmode=disable", "shop")]));
    for tls in ["sslmode=disable", "sslmode=require"] {
        let watch = Watch::with(&["--port", &server.port.to_string(), "--rate", "20000"]);
        run(program("pgbench").args(["-n", "-S", "-c", "2", "-t", "3000"]).arg(server.conninfo(tls, "shop")));
        let seen: Seen = watch.stop();
        assert!(seen.lost("rate") > 0, "{tls}: {:#}", seen.statistics);
        assert!(seen.accesses.len() > 10, "{tls}: what is below the rate is told");
        let cut: Vec<_> = seen.accesses.iter().filter(|access| !access.complete.ok).collect();
        assert!(cut.iter().all(|access| access.complete.cause.as_deref() == Some("rate")), "{tls}: {cut:#?}");
        seen.assert_holds();
    }
}

/// A control group whose name is a container's id, as engines name them.
struct Container {
    folder: PathBuf,
}

impl Container {
    fn of(id: &str) -> Container {
        let root = ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"].map(Path::new);
        let root = root.into_iter().find(|path| path.join("cgroup.procs").exists()).unwrap();
        let folder = root.join(id);
        fs::create_dir(&folder).unwrap();
        Container { folder }
    }

    /// A command that goes into the container before it runs.
    fn enters(&self, command: &Command) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", r#"echo $$ > "$0" && exec "$@""#]).arg(self.folder.join("cgroup.procs"));
        shell.arg(command.get_program()).args(command.get_args());
        shell
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        _ = fs::remove_dir(&self.folder);
    }
}

#[test]
fn a_container_is_chosen() {
    let Some(ground) = ground("choosing", &NEEDED) else { return };
    let shop = Shop::open(&ground);
    let id = format!("{:064x}", std::process::id());
    let container = Container::of(&id);
    let watch = Watch::with(&["--container", &id]);
    let ask = |word: &str| {
        let mut psql = shop.postgres.psql("sslmode=require", "shop");
        psql.args(["-c", &format!("select '{word}'")]);
        psql
    };
    run(&mut container.enters(&ask("inside")));
    run(&mut ask("outside"));
    let seen = watch.stop();
    assert_eq!(clients(&seen.accesses, "inside"), ["psql tls"]);
    assert!(clients(&seen.accesses, "outside").is_empty());
    seen.assert_holds();
}
