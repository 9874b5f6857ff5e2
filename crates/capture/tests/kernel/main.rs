//! The kernel side against real programs: what they say they moved is what is heard. Wants root and a kernel with BTF.
#![expect(clippy::expect_used, reason = "a test stops where its ground is gone")]

mod choosing;
mod java;
mod pipes;
mod reach;
mod rings;
mod tls;
mod trials;

use std::collections::HashMap;
use std::io::Write as _;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use capture::kernel::choice::Choice;
use capture::kernel::{Kernel, Options};
use capture::source::Source as _;
use model::conn::{ConnId, Layer, Role, Speaker, Transport};
use model::event::{Cause, Counted, Joined, Opened, What};
use model::time::Time;

/// What was heard of one connection.
#[derive(Debug, Default)]
struct Talk {
    opened: Vec<Opened>,
    said: HashMap<(Layer, bool), Vec<u8>>,
    lost: Vec<(Layer, Speaker, u64, Cause)>,
    ends: HashMap<(Layer, bool), u64>,
    sealed: [u64; 2],
    counted: Option<Box<[Counted; 2]>>,
    begun: Option<Time>,
    said_last: Option<Time>,
    closed: Option<Time>,
}

/// A program that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(30);
/// Until then the kernel has closed what a process left to it.
const LEFT: Duration = Duration::from_secs(5);
/// The ring is read for so long after a program's end, because other programs of the host may never be quiet.
const AFTERWARDS: Duration = Duration::from_millis(500);

type Talks = HashMap<ConnId, Talk>;

/// Ten kernel sides at once would slow each other down.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A kernel that is watched, while no other test does.
struct Watched {
    kernel: Kernel,
    _turn: MutexGuard<'static, ()>,
}

impl Deref for Watched {
    type Target = Kernel;
    fn deref(&self) -> &Kernel {
        &self.kernel
    }
}

impl DerefMut for Watched {
    fn deref_mut(&mut self) -> &mut Kernel {
        &mut self.kernel
    }
}

/// The kernel, or loud words about why this test shows nothing.
fn kernel(options: &Options) -> Option<Watched> {
    choosing(options, &Choice::default())
}

/// The same, of which this is chosen before anything is seen.
fn choosing(options: &Options, choice: &Choice) -> Option<Watched> {
    let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let opened = Kernel::open(options).and_then(|mut kernel| {
        kernel.choose(choice)?;
        kernel.begin()?;
        Ok(kernel)
    });
    match opened {
        Ok(kernel) => Some(Watched { kernel, _turn: turn }),
        Err(error) => {
            _ = writeln!(std::io::stderr(), "SKIPPED, NOTHING WAS TESTED: {error}");
            assert!(std::env::var_os("CI").is_none(), "{error}");
            None
        }
    }
}

fn program(name: &str, arguments: &[&str]) -> Child {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs").join(name);
    Command::new("python3").arg(path).args(arguments).stdout(Stdio::piped()).spawn().expect("python3")
}

/// Hears everything until `child` is gone; then the watching ends, and what is open is counted.
fn hear_out(kernel: &mut Kernel, child: Child) -> (Talks, String) {
    let (mut talks, said) = hear(kernel, child);
    kernel.end();
    while !kernel.is_finished() {
        if let Some(event) = kernel.next().expect("an event") {
            note(talks.entry(event.conn).or_default(), event.at, &event.what);
        }
    }
    (talks, said)
}

/// Hears everything until `child` is gone, and what it left behind.
///
/// A request that waits in a ring of `io_uring` holds its socket: the kernel closes that one after the process is gone.
fn hear(kernel: &mut Kernel, child: Child) -> (Talks, String) {
    let mut child = child;
    let pid = child.id();
    let mut talks = Talks::new();
    let mut quiet = 0;
    let begun = Instant::now();
    let mut gone = None;
    let is_over = |gone: Instant, quiet: u32, talks: &Talks| {
        (quiet >= 3 || gone.elapsed() > AFTERWARDS)
            && (gone.elapsed() > LEFT
                || talks.iter().all(|(conn, talk)| conn.tgid != pid || talk.closed.is_some()))
    };
    while begun.elapsed() < PATIENCE && !gone.is_some_and(|gone| is_over(gone, quiet, &talks)) {
        if gone.is_none() && child.try_wait().expect("the child").is_some() {
            gone = Some(Instant::now());
        }
        if let Some(event) = kernel.next().expect("an event") {
            note(talks.entry(event.conn).or_default(), event.at, &event.what);
            quiet = 0;
        } else if gone.is_some() && kernel.is_drained() {
            quiet += 1;
        }
    }
    let said = child.wait_with_output().expect("the child's words");
    assert!(said.status.success(), "{pid} failed");
    (talks, String::from_utf8(said.stdout).expect("text"))
}

fn note(talk: &mut Talk, at: Time, what: &What<'_>) {
    assert!(talk.closed.is_none(), "something follows the end: {what:?}");
    talk.begun.get_or_insert(at);
    match what {
        What::Opened(opened) => talk.opened.push(Opened::clone(opened)),
        What::Said(said) => {
            let way = (said.layer, said.speaker == Speaker::Client);
            let end = talk.ends.entry(way).or_default();
            assert!(*end <= said.offset, "bytes came twice: {said:?} after {end}");
            *end = said.offset + said.bytes.len() as u64;
            talk.said_last = Some(at);
            talk.said.entry(way).or_default().extend_from_slice(said.bytes);
        }
        What::Lost(lost) => {
            let end = talk.ends.entry((lost.layer, lost.speaker == Speaker::Client)).or_default();
            assert_eq!(*end, lost.offset, "the hole is not where the bytes end: {lost:?}");
            *end = lost.offset + lost.length;
            talk.lost.push((lost.layer, lost.speaker, lost.length, lost.cause));
        }
        What::Closed => talk.closed = Some(at),
        What::Sealed { speaker, length } => talk.sealed[*speaker as usize] += length,
        What::Counted(counted) => talk.counted = Some(counted.clone()),
        What::Secured(_) => {}
    }
    assert!(!talk.opened.is_empty(), "something came before the opening: {what:?}");
}

/// What a speaker said on a layer, over all connections that fit.
fn words(talks: &Talks, layer: Layer, is_client: bool, fits: impl Fn(&Opened) -> bool) -> String {
    let mut words = String::new();
    for talk in talks.values().filter(|talk| fits(&talk.opened[0])) {
        words += &String::from_utf8_lossy(talk.said.get(&(layer, is_client)).map_or(&[][..], Vec::as_slice));
    }
    words
}

/// Whether the process is `talk.py KIND`: other tests run beside this one.
fn is_ours(opened: &Opened, kind: &str) -> bool {
    opened.process.as_ref().is_some_and(|process| process.command.ends_with(&format!("talk.py {kind}")))
}

/// Every byte that was seen of a connection was told, was ciphertext, was read at the other end, or was lost.
fn accounts_hold(talks: &Talks) {
    for (conn, talk) in talks {
        let Some(counted) = &talk.counted else { continue };
        for (speaker, side) in [Speaker::Client, Speaker::Server].into_iter().zip(&**counted) {
            let said = |layer| talk.said.get(&(layer, speaker == Speaker::Client)).map_or(0, Vec::len) as u64;
            let lost = talk.lost.iter().filter(|lost| lost.1 == speaker).map(|lost| lost.2).sum::<u64>();
            let told = said(Layer::Wire) + said(Layer::Clear) + lost + talk.sealed[speaker as usize];
            let (seen, twice) = (side.seen.iter().sum::<u64>(), side.twice.iter().sum::<u64>());
            assert_eq!(
                seen,
                told + twice,
                "{conn:?} {speaker:?}: {side:?} {:?} {:?}",
                talk.lost,
                talk.opened
            );
        }
    }
}

/// The socket itself counted what was seen of it.
fn sockets_agree(talk: &Talk) {
    let counted = talk.counted.as_ref().expect("an account");
    for side in counted.iter() {
        assert_eq!(side.socket, Some(side.seen[Layer::Wire as usize]), "{talk:#?}");
        assert_eq!(side.before, 0, "{talk:#?}");
    }
}

fn balances(mut kernel: Watched) {
    // While others on this machine talk, one figure would be read before a call of theirs and another after it.
    kernel.end();
    let ledger = kernel.ledger().expect("the ledger");
    let told = ledger.delivered + ledger.sealed + ledger.twice + ledger.lost();
    assert_eq!(ledger.seen_bytes, told, "{ledger:?}");
    assert_eq!(ledger.unreadable, 0, "{ledger:?}");
}

/// Runs `talk.py KIND`, and holds what was heard against what the program says.
fn talk(kind: &str, transport: Transport) {
    let Some(mut kernel) = kernel(&Options::default()) else { return };
    let child = program("talk.py", &[kind]);
    let (talks, said) = hear_out(&mut kernel, child);
    let (client, server) = said.trim_end_matches('\n').split_once('\t').expect("two words");
    let fits = |opened: &Opened| is_ours(opened, kind) && opened.transport == transport;
    assert_eq!(words(&talks, Layer::Wire, true, fits), client, "{talks:#?}");
    assert_eq!(words(&talks, Layer::Wire, false, fits), server, "{talks:#?}");
    let ours: Vec<_> = talks.values().filter(|talk| fits(&talk.opened[0])).collect();
    assert_eq!(ours.len(), 2, "both ends are known: {ours:#?}");
    assert_eq!(ours.iter().filter(|talk| talk.opened[0].peer.is_some()).count(), 1, "{ours:#?}");
    assert!(ours.iter().all(|talk| talk.opened[0].joined == Joined::AtStart), "{ours:#?}");
    assert!(ours.iter().all(|talk| talk.closed.is_some()), "{ours:#?}");
    assert!(ours.iter().any(|talk| talk.opened[0].role == Role::Client), "{ours:#?}");
    assert!(ours.iter().any(|talk| talk.opened[0].role == Role::Server), "{ours:#?}");
    accounts_hold(&talks);
    if transport == Transport::Tcp {
        ours.into_iter().for_each(sockets_agree);
    }
    balances(kernel);
}

#[test]
fn every_call_is_heard_on_tcp() {
    talk("tcp4", Transport::Tcp);
}

#[test]
fn every_call_is_heard_on_tcp_over_ipv6() {
    talk("tcp6", Transport::Tcp);
}

#[test]
fn every_call_is_heard_on_a_unix_socket() {
    talk("unix", Transport::Unix);
}

#[test]
fn a_descriptor_that_is_passed_on_belongs_to_who_serves() {
    let Some(mut kernel) = kernel(&Options::default()) else { return };
    let child = program("talk.py", &["passed"]);
    let (talks, said) = hear_out(&mut kernel, child);
    let [client, server, worker] = said.trim_end().split('\t').collect::<Vec<_>>()[..] else {
        panic!("three words: {said}")
    };
    let fits = |opened: &Opened| is_ours(opened, "passed") && opened.transport == Transport::Tcp;
    assert_eq!(words(&talks, Layer::Wire, true, fits), client, "{talks:#?}");
    assert_eq!(words(&talks, Layer::Wire, false, fits), server, "{talks:#?}");
    let ours = talks.values().filter(|talk| fits(&talk.opened[0]));
    let served: Vec<_> = ours.filter(|talk| talk.opened[0].role == Role::Server).collect();
    let [served] = served.as_slice() else { panic!("one server's end: {served:#?}") };
    let owner = served.opened.last().and_then(|opened| opened.process.as_ref());
    assert_eq!(owner.map(|process| process.pid.to_string()).as_deref(), Some(worker), "{served:#?}");
    accounts_hold(&talks);
    balances(kernel);
}

#[test]
fn a_socket_pair_is_heard_once() {
    talk("pair", Transport::Unix);
}

#[test]
fn packets_keep_their_bounds() {
    talk("packets", Transport::UnixDatagram);
}

#[test]
fn what_the_kernel_moves_by_itself_is_told_as_unseen() {
    let Some(mut kernel) = kernel(&Options::default()) else { return };
    let child = program("talk.py", &["unseen"]);
    let (talks, _) = hear_out(&mut kernel, child);
    let ours: Vec<_> = talks.values().filter(|talk| is_ours(&talk.opened[0], "unseen")).collect();
    let [talk] = ours.as_slice() else { panic!("one end spoke: {ours:#?}") };
    assert_eq!(talk.lost, [(Layer::Wire, Speaker::Client, 5000, Cause::Unseen)]);
    assert_eq!(talk.said[&(Layer::Wire, true)], b"headtail");
    assert_eq!(talk.ends[&(Layer::Wire, true)], 5008);
    balances(kernel);
}

#[test]
fn a_socket_ends_with_its_last_descriptor() {
    let Some(mut kernel) = kernel(&Options::default()) else { return };
    let child = program("talk.py", &["ends"]);
    let (talks, _) = hear_out(&mut kernel, child);
    let mut ours: Vec<_> = talks.values().filter(|talk| is_ours(&talk.opened[0], "ends")).collect();
    ours.sort_by_key(|talk| talk.begun);
    let [a, b, c, d] = ours.as_slice() else { panic!("two pairs: {ours:#?}") };
    let after = c.said_last.max(d.said_last);
    for ended in [a, b] {
        assert!(ended.closed > d.begun, "it ended before its last descriptor: {ours:#?}");
        assert!(ended.closed.is_some() && ended.closed < after, "its end was missed: {ours:#?}");
    }
    balances(kernel);
}

/// Datagrams are heard at one end, which names the other one.
fn datagrams(kind: &str) {
    let Some(mut kernel) = kernel(&Options::default()) else { return };
    let child = program("talk.py", &[kind]);
    let (talks, _) = hear_out(&mut kernel, child);
    let fits = |opened: &Opened| is_ours(opened, kind) && opened.transport == Transport::Udp;
    assert_eq!(words(&talks, Layer::Wire, true, fits), "question", "{talks:#?}");
    assert_eq!(words(&talks, Layer::Wire, false, fits), "answer", "{talks:#?}");
    let ours: Vec<_> = talks.values().filter(|talk| fits(&talk.opened[0])).collect();
    assert_eq!(ours.len(), 2, "both ends are known: {ours:#?}");
    assert_eq!(ours.iter().filter(|talk| talk.opened[0].peer.is_some()).count(), 1, "{ours:#?}");
    accounts_hold(&talks);
    balances(kernel);
}

#[test]
fn datagrams_are_heard() {
    datagrams("udp");
}

#[test]
fn datagrams_of_a_socket_without_a_peer_are_heard() {
    datagrams("udp_unconnected");
}

#[test]
fn datagrams_of_sockets_without_addresses_are_heard() {
    datagrams("udp_nowhere");
}

#[test]
fn datagrams_over_ipv6_are_heard() {
    datagrams("udp6");
}

#[test]
fn datagrams_of_ipv4_on_a_socket_of_ipv6_are_heard() {
    datagrams("udp_mapped");
}

/// A ring of 64 KiB, which nobody reads while a program floods it: what is told of each connection afterwards, what was
/// lost of it, and what could not be told, are together every byte that was seen.
fn overflows(kind: &str, is_tcp: bool) {
    let options = Options { ring: 64 << 10, ..Options::default() };
    let Some(mut kernel) = kernel(&options) else { return };
    let mut child = program("flood.py", &[kind]);
    let pid = child.id();
    child.wait().expect("the flood ends before anybody reads");
    let (talks, said) = hear_out(&mut kernel, child);
    // It may be told of when nothing is left to know of it but its number.
    let flood = |talk: &&Talk| talk.opened[0].process.as_ref().is_some_and(|process| process.pid == pid);
    let told: u64 = talks.values().filter(flood).filter_map(|talk| talk.ends.get(&(Layer::Wire, true))).sum();
    let ledger = kernel.ledger().expect("the ledger");
    let sent: u64 = said.trim().parse().expect("a number");
    assert!(ledger.ring_full > sent / 2, "a ring of 64 KiB cannot hold {sent} bytes: {ledger:?}");
    assert!(told <= sent, "more was told than sent: {told} of {sent}");
    accounts_hold(&talks);
    let ours: Vec<_> = talks.values().filter(flood).collect();
    assert!(ours.iter().all(|talk| talk.counted.is_some()), "{ours:#?}");
    if is_tcp {
        assert!(told + ledger.untold_bytes >= sent, "{told} of {sent}, and {ledger:?}");
        ours.into_iter().for_each(sockets_agree);
    } else {
        assert_eq!(told, sent, "{ledger:?}");
    }
    balances(kernel);
}

#[test]
fn a_ring_that_overflows_loses_in_the_open() {
    overflows("pair", false);
}

/// Connections begin and end while nothing finds room, many more than wait beside the ring.
#[test]
fn connections_that_end_while_the_ring_is_full_are_told_or_counted() {
    overflows("tcp", true);
}

/// Who finds what is to be hooked must not wait for the next batch of records: a program's first call is over by then.
#[test]
fn a_wait_for_records_ends_when_it_is_woken() {
    let Some(mut kernel) = kernel(&Options { wait: PATIENCE, ..Options::default() }) else { return };
    kernel.waker().wake();
    let began = Instant::now();
    while kernel.next().expect("an event").is_some() {}
    assert!(began.elapsed() < PATIENCE, "it waited for {:?}", began.elapsed());
}

#[test]
fn a_hole_is_told_before_what_follows_it() {
    let options = Options { call_limit: 16 << 10, ..Options::default() };
    let Some(mut kernel) = kernel(&options) else { return };
    let child = program("limit.py", &[]);
    let (talks, _) = hear_out(&mut kernel, child);
    let ours = |talk: &&Talk| {
        let process = talk.opened[0].process.as_ref();
        process.is_some_and(|process| process.command.ends_with("limit.py"))
    };
    let talk = talks.values().filter(ours).find(|talk| !talk.lost.is_empty()).expect("a talk with a hole");
    assert_eq!(talk.lost, [(Layer::Wire, Speaker::Client, 50_000 - (16 << 10), Cause::Limit)]);
    assert_eq!(talk.ends[&(Layer::Wire, true)], 50_004);
    accounts_hold(&talks);
    balances(kernel);
}
