//! The laws: every one of them holds for every protocol and every fixture.
//!
//! A fixture's first line names its protocol and the programs that made it: `# postgresql: PostgreSQL 15.18, psql 15.18`.
//! Lines of a transcript are one millisecond apart. `UPDATE_EXPECTED=1 cargo test -p protocols` rewrites the
//! expectations; read the difference before you keep it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "the fixtures are files")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use model::conn::Speaker;
use model::details::{Detail, Details};
use model::event::{Cause, Joined};
use model::exchange::{Completeness, Exchange, Outcome};
use model::time::Time;
use protocols::kit::conversation::{Conversation, Standing};
use protocols::kit::desk::Desk;
use protocols::kit::half::WINDOW;
use protocols::kit::machine::Tally;
use protocols::kit::protocol::{Guess, Listed, Opening};
use protocols::kit::transcript::{self, Line};

const LINE: u64 = 1_000_000;

struct Fixture {
    path: PathBuf,
    protocol: Listed,
    lines: Vec<Line>,
}

/// What came of a transcript.
#[derive(Debug, PartialEq)]
struct Heard {
    exchanges: Vec<Box<Exchange>>,
    tally: Tally,
}

fn fixtures() -> Vec<Fixture> {
    let mut found = Vec::new();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for family in folders(&src) {
        for folder in folders(&family) {
            let Ok(files) = std::fs::read_dir(folder.join("fixtures")) else { continue };
            for file in files {
                let path = file.unwrap().path();
                if path.extension().is_some_and(|e| e == "transcript") {
                    found.push(fixture(path));
                }
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "no fixture found: the laws would hold of nothing");
    found
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(of).unwrap();
    entries.map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect()
}

fn fixture(path: PathBuf) -> Fixture {
    let text = std::fs::read_to_string(&path).unwrap();
    let first = text.lines().next().unwrap_or_default();
    let name = first.strip_prefix("# ").and_then(|l| l.split_once(':')).map(|(name, _)| name);
    let protocol = protocols::ALL.iter().find(|p| Some(p.name()) == name);
    let protocol =
        protocol.unwrap_or_else(|| panic!("{}: its first line names no listed protocol", path.display()));
    let lines = transcript::parse(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    Fixture { path, protocol, lines }
}

/// One thing that happens to a conversation in a law.
enum Act<'a> {
    Say(Speaker, u64, &'a [u8]),
    Lose(Speaker, u64, u64),
}

fn play<'a>(protocol: Listed, joined: Joined, acts: impl Iterator<Item = Act<'a>>) -> Heard {
    let mut conversation = Conversation::open(protocol, joined);
    let mut desk = Desk::default();
    let mut last = 0;
    let mut said = [0, 0];
    for act in acts {
        match act {
            Act::Say(speaker, at, bytes) => {
                last = at;
                said[speaker as usize] += bytes.len() as u64;
                if let Standing::Over(unread) = conversation.hear(speaker, Time(at), bytes, &mut desk) {
                    said[0] -= unread.0.len() as u64;
                    said[1] -= unread.1.len() as u64;
                    break;
                }
            }
            Act::Lose(speaker, at, length) => {
                conversation.miss(speaker, Time(at), length, Cause::RingFull, &mut desk);
            }
        }
        assert!(conversation.held() <= 4 * WINDOW, "memory: {} bytes held", conversation.held());
    }
    // A connection may stay open for long behind its last byte; no answer takes the longer for it.
    conversation.close(Time(last + LINE), &mut desk);
    let mut accounted = conversation.tally().read();
    for unread in conversation.tally().unread() {
        accounted[unread.speaker as usize] += unread.bytes;
    }
    assert_eq!(accounted, said, "each byte is read, or is not for a cause: {:?}", conversation.tally());
    Heard { exchanges: desk.exchanges, tally: conversation.tally().clone() }
}

fn whole(fixture: &Fixture) -> Heard {
    play(fixture.protocol, Joined::AtStart, says(&fixture.lines, 0))
}

fn says(lines: &[Line], from: usize) -> impl Iterator<Item = Act<'_>> {
    lines.iter().enumerate().skip(from).map(|(i, l)| Act::Say(l.speaker, i as u64 * LINE, &l.bytes))
}

#[test]
fn law_1_golden() {
    let mut wrong = String::new();
    for fixture in fixtures() {
        let heard = tell(&whole(&fixture));
        let path = fixture.path.with_extension("expected");
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            std::fs::write(&path, &heard).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        if heard != expected {
            let _ = writeln!(wrong, "== {}\n-- expected\n{expected}-- heard\n{heard}", path.display());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Exchanges without what the cuts may change: behind a breach, when the next message began is known only to
/// the piece that it was found in.
fn but_for_cuts(mut heard: Heard) -> Vec<Box<Exchange>> {
    for exchange in &mut heard.exchanges {
        if exchange.completeness.cause == Some(Cause::Breach) {
            exchange.asked = Time::default();
        }
    }
    heard.exchanges
}

#[test]
fn law_2_cut_anywhere() {
    for fixture in fixtures() {
        let golden = but_for_cuts(whole(&fixture));
        let bytes = fixture.lines.iter().enumerate().flat_map(|(i, line)| {
            line.bytes.chunks(1).map(move |b| Act::Say(line.speaker, i as u64 * LINE, b))
        });
        let heard = play(fixture.protocol, Joined::AtStart, bytes);
        assert_eq!(but_for_cuts(heard), golden, "{}: byte by byte", fixture.path.display());
        for size in [2, 3, 5, 7, 16, 61, 1000] {
            let pieces = fixture.lines.iter().enumerate().flat_map(|(i, line)| {
                line.bytes.chunks(size).map(move |b| Act::Say(line.speaker, i as u64 * LINE, b))
            });
            let heard = play(fixture.protocol, Joined::AtStart, pieces);
            assert_eq!(but_for_cuts(heard), golden, "{}: by {size}", fixture.path.display());
        }
    }
}

/// Whether `heard` may stand where everything was seen as `golden`: what a loss hides may be missing, nothing may differ.
///
/// A statement that says how long it truly is (`statement_bytes`) is the beginning of the real one. An outcome that is
/// told by what was said before the watching began is unknown.
fn agrees(heard: &Exchange, golden: &Exchange) -> bool {
    let hidden = heard.request.statement.is_none();
    let unknown = heard.response.outcome == Outcome::Unknown;
    // Of a method that is hidden, nobody knows what its messages say, nor so whether one that came well tells of a failure, or
    // of what was changed.
    let unread = hidden && heard.protocol != golden.protocol;
    let plain = unread && heard.response.outcome == Outcome::Ok && heard.response.failure.is_none();
    let unknown = unknown || plain;
    let cut = heard.request.details.iter().any(|(name, _)| *name == "statement_bytes");
    let begins = |whole: &str| heard.request.statement.as_deref().is_some_and(|part| whole.starts_with(part));
    heard.asked == golden.asked
        && heard.answered == golden.answered
        && (hidden
            || heard.request.statement == golden.request.statement
            || cut && golden.request.statement.as_deref().is_some_and(begins))
        && (hidden || cut || heard.request.operation == golden.request.operation)
        && (hidden || heard.request.parameters.len() == golden.request.parameters.len())
        && (unknown || heard.response.outcome == golden.response.outcome)
        && (unknown || heard.response.failure == golden.response.failure)
        && (unread && heard.response.affected.is_none()
            || heard.response.affected == golden.response.affected)
}

fn is_sure(exchange: &Exchange) -> bool {
    let answered = matches!(exchange.response.outcome, Outcome::Ok | Outcome::Error);
    answered && exchange.completeness == Completeness::default()
}

/// After a loss, the exchanges of so many turns may be missing before all are heard again.
const MISSED_AFTER_A_LOSS: usize = 2;

/// When everything is heard again after a loss in line `i`: a turn is what a client says before the server speaks.
///
/// Requests that share a turn with lost ones may be answered in their stead, so turns count, and not requests.
fn heard_again(lines: &[Line], i: usize) -> u64 {
    let mut turns = (i + 1..lines.len())
        .filter(|k| lines[*k].speaker == Speaker::Client && lines[k - 1].speaker == Speaker::Server);
    turns.nth(MISSED_AFTER_A_LOSS).unwrap_or(lines.len()) as u64 * LINE
}

fn check_loss(fixture: &Fixture, golden: &Heard, heard: &Heard, from: u64, case: &str) {
    for exchange in heard.exchanges.iter().filter(|e| is_sure(e)) {
        let real = golden.exchanges.iter().any(|g| agrees(exchange, g));
        assert!(real, "{}: {case}: invented {exchange:#?}", fixture.path.display());
    }
    for wanted in golden.exchanges.iter().filter(|g| is_sure(g) && g.asked.0 >= from) {
        let there = heard.exchanges.iter().any(|e| agrees(e, wanted));
        assert!(there, "{}: {case}: not heard {wanted:#?}", fixture.path.display());
    }
}

#[test]
fn law_3_lost_byte() {
    for fixture in fixtures() {
        let golden = whole(&fixture);
        for (i, line) in fixture.lines.iter().enumerate() {
            let length = line.bytes.len();
            let every = (length / 64).max(1);
            let cuts = (0..length).step_by(every).map(|from| (from, 1)).chain([(0, length)]);
            for (from, lost) in cuts {
                let at = i as u64 * LINE;
                let acts = says(&fixture.lines, 0).enumerate().flat_map(|(k, act)| {
                    if k != i {
                        return vec![act];
                    }
                    let (before, after) = (&line.bytes[..from], &line.bytes[from + lost..]);
                    let mut acts = Vec::new();
                    if !before.is_empty() {
                        acts.push(Act::Say(line.speaker, at, before));
                    }
                    acts.push(Act::Lose(line.speaker, at, lost as u64));
                    if !after.is_empty() {
                        acts.push(Act::Say(line.speaker, at, after));
                    }
                    acts
                });
                let heard = play(fixture.protocol, Joined::AtStart, acts);
                let case = format!("line {i} without bytes {from}..{}", from + lost);
                check_loss(&fixture, &golden, &heard, heard_again(&fixture.lines, i), &case);
            }
        }
    }
}

#[test]
fn law_4_joined_midway() {
    for fixture in fixtures() {
        let golden = whole(&fixture);
        for from in 1..fixture.lines.len() {
            let heard = play(fixture.protocol, Joined::Midway, says(&fixture.lines, from));
            let turn = (from..fixture.lines.len()).find(|i| {
                fixture.lines[*i].speaker == Speaker::Client
                    && fixture.lines[i - 1].speaker == Speaker::Server
            });
            let Some(turn) = turn else { continue };
            for wanted in golden.exchanges.iter().filter(|g| is_sure(g) && g.asked.0 >= turn as u64 * LINE) {
                let there = heard.exchanges.iter().any(|e| agrees(e, wanted));
                assert!(there, "{}: from line {from}: not heard {wanted:#?}", fixture.path.display());
            }
        }
    }
}

#[test]
fn law_5_nobody_claims_a_neighbour() {
    let tls: [&[u8]; 2] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x17\x03\x03\x00\x20abcdefghijklmnopqrstuvwxyz012345",
    ];
    let noise: [&[u8]; 4] =
        [&[0; 64], &[0xff; 64], b"\x9d\x01\xfe\x33\x80\x7f\x00\x00\x01\x42", b"hello there, nobody\r\n"];
    for protocol in protocols::ALL {
        for bytes in tls.iter().chain(&noise) {
            for joined in [Joined::AtStart, Joined::Midway] {
                let opening =
                    Opening { client: bytes, server: bytes, port: protocol.ports().first().copied(), joined };
                assert_ne!(protocol.recognise(&opening), Guess::Yes, "{protocol:?} claims {bytes:02x?}");
            }
        }
    }
    for fixture in fixtures() {
        let side =
            |speaker| fixture.lines.iter().find(|l| l.speaker == speaker).map_or(&[][..], |l| &l.bytes);
        let (client, server) = (side(Speaker::Client), side(Speaker::Server));
        let opening = Opening { client, server, port: None, joined: Joined::AtStart };
        for protocol in protocols::ALL {
            let ours = protocol.name() == fixture.protocol.name();
            let guess = protocol.recognise(&opening);
            assert_eq!(guess == Guess::Yes, ours, "{}: {protocol:?} says {guess:?}", fixture.path.display());
        }
    }
}

#[test]
fn law_6_every_folder_is_listed() {
    let mut count: BTreeMap<PathBuf, usize> = BTreeMap::new();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for family in folders(&src).into_iter().filter(|f| !f.ends_with("kit")) {
        for folder in folders(&family) {
            count.insert(folder, 0);
        }
    }
    for fixture in fixtures() {
        let folder = fixture.path.parent().and_then(Path::parent).unwrap();
        *count.get_mut(folder).unwrap() += 1;
    }
    assert_eq!(
        count.len(),
        protocols::ALL.len() + protocols::DIALECTS.len(),
        "folders and listed protocols differ: {count:?}"
    );
    for (folder, fixtures) in count {
        assert!(fixtures > 0, "{}: no fixture", folder.display());
    }
}

#[test]
fn law_7_memory_has_a_cap() {
    for fixture in fixtures() {
        let line = |speaker| fixture.lines.iter().find(|l| l.speaker == speaker).map(|l| l.bytes.clone());
        for speaker in [Speaker::Client, Speaker::Server] {
            let Some(first) = line(speaker) else { continue };
            let flood = vec![b'A'; 1 << 16];
            let acts = std::iter::once(Act::Say(speaker, 0, &first[..first.len() / 2]))
                .chain((1..64).map(|i| Act::Say(speaker, i, &flood)));
            play(fixture.protocol, Joined::AtStart, acts);
        }
    }
}

/// The credentials that the fixtures' clients used: passwords, tokens, keys, session cookies, and what they become in
/// `Authorization: Basic`, and in the log-ins of mail.
const CREDENTIALS: [&str; 8] = [
    "tulip-cleartext",
    "hunter2",
    "YWRhOmh1bnRlcjI",
    "s3cr3t-session",
    "k-123",
    "sid=0123456789abcdef",
    "AGFkYQB0dWxpcC1jbGVhcnRleHQ",
    "dHVsaXAtY2xlYXJ0ZXh0",
];

#[test]
fn law_8_no_credential_is_told() {
    let fixtures = fixtures();
    for credential in CREDENTIALS {
        let holds = |line: &Line| memchr::memmem::find(&line.bytes, credential.as_bytes()).is_some();
        let used = fixtures.iter().filter(|fixture| fixture.lines.iter().any(holds));
        let mut proven = 0;
        for fixture in used {
            let told = tell(&whole(fixture));
            assert!(!told.contains(credential), "{}: tells {credential}", fixture.path.display());
            proven += 1;
        }
        assert!(proven > 0, "no fixture uses {credential}: this would hold of nothing");
    }
}

/// An expectation's text: one block an exchange, then the tally.
fn tell(heard: &Heard) -> String {
    let mut text = String::new();
    for exchange in &heard.exchanges {
        tell_exchange(&mut text, exchange);
    }
    let _ = writeln!(text, "breaches: {}", heard.tally.breaches);
    text
}

fn tell_exchange(text: &mut String, e: &Exchange) {
    let _ = write!(text, "{} {:?}", e.request.operation, e.response.outcome);
    if let Some(answered) = e.answered {
        let _ = write!(text, " after {} ms", answered.since(e.asked) / LINE);
    }
    let _ = writeln!(text, ", {} bytes asked, {} answered", e.request_bytes, e.response_bytes);
    if protocols::DIALECTS.contains(&e.protocol) {
        let _ = writeln!(text, "  protocol {}", e.protocol);
    }
    if let Some(who) = &e.identity {
        let _ = writeln!(
            text,
            "  session {:?} {:?} {:?} {:?}",
            who.user, who.database, who.application, who.version
        );
    }
    match e.request.statement.as_deref() {
        Some(statement) => _ = writeln!(text, "  statement {statement:?}"),
        None => text.push_str("  statement unknown\n"),
    }
    if !e.request.parameters.is_empty() {
        let _ = writeln!(text, "  parameters {:?}", e.request.parameters.iter().collect::<Vec<_>>());
    }
    if !e.request.targets.is_empty() {
        let _ = writeln!(text, "  targets {:?}", e.request.targets);
    }
    tell_details(text, &e.request.details);
    if let Some(failure) = &e.response.failure {
        let _ = writeln!(text, "  failure {} {:?}", failure.code, failure.message);
    }
    if e.response.rows.is_some() || e.response.affected.is_some() {
        let _ = writeln!(text, "  rows {:?} affected {:?}", e.response.rows, e.response.affected);
    }
    for column in e.response.columns.iter().flat_map(|c| c.iter()) {
        let _ = writeln!(
            text,
            "  column {:?} {} {:?} {:?}",
            column.name, column.kind, column.table, column.origin
        );
    }
    for sample in e.response.samples.iter() {
        let _ = writeln!(text, "  sample {:?}", sample.collect::<Vec<_>>());
    }
    tell_details(text, &e.response.details);
    if e.completeness.lost_bytes > 0 || e.completeness.cause.is_some() {
        let _ = writeln!(text, "  lost {} {:?}", e.completeness.lost_bytes, e.completeness.cause);
    }
}

fn tell_details(text: &mut String, details: &Details) {
    for (name, detail) in details {
        match detail {
            Detail::Text(value) => _ = writeln!(text, "  {name} {value:?}"),
            Detail::Number(value) => _ = writeln!(text, "  {name} {value}"),
        }
    }
}
