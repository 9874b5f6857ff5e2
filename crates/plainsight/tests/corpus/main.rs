//! Replays captures that others made, and holds what is heard against what their own projects expect of them.
//!
//! The captures lie outside of the project, in `../shared/corpus` or where `PLAINSIGHT_CORPUS` says. Each disagreement
//! with an expectation is in [`disagreements`] with who is right and why: an unlisted one fails, and so does a
//! listed one that is no more.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod captures;
mod counts;
mod disagreements;
mod expectations;
mod recognition;
mod replayed;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use captures::Capture;
use disagreements::Whose;
use expectations::Expectation;
use recognition::{Heard, Way, hear};
use replayed::Access;

#[test]
fn every_capture_is_read_and_none_has_more_than_it_holds() {
    let Some(captures) = captures::all() else { return };
    let mut wrong = Vec::new();
    let (mut exchanges, mut silent) = (0, 0);
    for capture in &captures {
        let heard = by_protocol(&replayed::replay(capture));
        let expected = counts::of(capture);
        exchanges += heard.values().sum::<usize>();
        silent += usize::from(heard.is_empty());
        if heard != expected {
            wrong.push(format!("{}: heard {heard:?}, counted {expected:?}", capture.name));
        }
    }
    wrong.extend(counts::unused(&captures));
    captures::say(&format!(
        "corpus: {} captures, {exchanges} exchanges, {silent} captures with none",
        captures.len()
    ));
    assert!(wrong.is_empty(), "{} captures are not heard as counted:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn exchanges_agree_with_what_other_projects_expect() {
    let Some(captures) = captures::all() else { return };
    let mut tally = Tally::default();
    for capture in captures.iter().filter(|capture| !capture.expectations.is_empty()) {
        let heard = replayed::replay(capture);
        for expectation in &capture.expectations {
            if let Some(expected) = expectations::read(expectation) {
                tally.compare(capture, &expected, &heard);
            }
        }
    }
    let listed: usize = tally.listed.values().sum();
    captures::say(&format!(
        "corpus: {} captures with {} expectations: {} lines agree, {listed} disagreements are listed",
        tally.captures.len(),
        tally.expectations,
        tally.agreed
    ));
    for (protocol, score) in &tally.scores {
        captures::say(&format!("score: {protocol}: {score}"));
    }
    tally.wrong.extend(disagreements::unused(&tally.listed, &captures));
    assert!(tally.wrong.is_empty(), "{} lines:\n{}", tally.wrong.len(), tally.wrong.join("\n"));
}

#[test]
fn no_protocol_needs_its_port() {
    let Some(captures) = captures::all() else { return };
    let mut wrong = Vec::new();
    for capture in &captures {
        let (known, blind) = (hear(capture, Way::AsItIs), hear(capture, Way::OnNobodysPort));
        let (known, blind) = (known.by_protocol(), blind.by_protocol());
        if known != blind {
            wrong.push(format!("{}: {known:?} on its port, {blind:?} on another", capture.name));
        }
    }
    captures::say(&format!("recognition: {} captures are heard otherwise on another port", wrong.len()));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn who_joins_in_the_middle_hears_no_other_protocol() {
    let Some(captures) = captures::all() else { return };
    let (mut wrong, mut recalled) = (Vec::new(), BTreeMap::<&str, [usize; 2]>::new());
    for capture in &captures {
        let (whole, late) = (hear(capture, Way::AsItIs), hear(capture, Way::FromTheMiddle));
        let strange = strangers(&whole, &late);
        if !strange.is_empty() {
            wrong.push(format!("{}: {strange:?}", capture.name));
        }
        for exchange in &whole.exchanges {
            if late.joined.get(&exchange.conn).is_some_and(|joined| exchange.asked > *joined) {
                let [there, heard] = recalled.entry(exchange.protocol).or_default();
                *there += 1;
                *heard += usize::from(late.exchanges.binary_search(exchange).is_ok());
            }
        }
    }
    for (protocol, [there, heard]) in recalled {
        captures::say(&format!("recognition from the middle on: {protocol}: {heard} of {there} exchanges"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Protocols that only a latecomer hears on a connection.
fn strangers(whole: &Heard, late: &Heard) -> BTreeMap<&'static str, usize> {
    let mut strangers = BTreeMap::new();
    for exchange in &late.exchanges {
        let same = |other: &recognition::Exchange| {
            (other.conn, other.protocol) == (exchange.conn, exchange.protocol)
        };
        if !whole.exchanges.iter().any(same) {
            *strangers.entry(exchange.protocol).or_default() += 1;
        }
    }
    strangers
}

/// TLS 1.3 with a client that says `ping` and a server that says `pong`.
#[test]
fn a_key_log_opens_the_session_that_it_is_for() {
    let Some(captures) = captures::all() else { return };
    let capture = captures.iter().find(|capture| capture.name.ends_with("illustrated-tls13__capture.pcap"));
    let capture = capture.expect("the corpus has it");
    let keylog = capture.expectations.first().expect("a key log lies beside it");
    let heard = replayed::replay_with(capture, &["--hex".as_ref(), "--keylog".as_ref(), keylog.as_os_str()]);
    let [only] = heard.as_slice() else { panic!("{} accesses, not one", heard.len()) };
    let told = ["/layer", "/protocol", "/details/hex", "/details/hex_response"].map(|at| only.text(at));
    assert_eq!(told, ["tls", "unknown", "70696e67", "706f6e67"]);
    assert!(replayed::replay(capture).is_empty(), "without its key, a session is ciphertext");
}

fn by_protocol(accesses: &[Access]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for access in accesses {
        *counts.entry(access.text("/protocol").to_owned()).or_default() += 1;
    }
    counts
}

/// What was compared, and how it came out.
#[derive(Default)]
struct Tally {
    captures: BTreeSet<String>,
    expectations: usize,
    agreed: usize,
    /// How often each listed disagreement was met, by its place in the table.
    listed: BTreeMap<usize, usize>,
    /// By the captures' folder.
    scores: BTreeMap<String, Score>,
    wrong: Vec<String>,
}

/// How well the lines of one protocol are told. Where both sides are right in their ways, or the other is wrong, nothing counts.
#[derive(Default)]
struct Score {
    agreed: usize,
    /// Theirs, which we should have told.
    missed: usize,
    /// Ours, which are wrong.
    invented: usize,
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Score { agreed, missed, invented } = self;
        let told = 2 * agreed;
        let thousandths = (1000 * told).checked_div(told + missed + invented).unwrap_or(1000);
        let f1 = format_args!("{}.{:03}", thousandths / 1000, thousandths % 1000);
        write!(f, "{agreed} lines agree, {missed} missed, {invented} wrong: F1 {f1}")
    }
}

impl Tally {
    fn compare(&mut self, capture: &Capture, expected: &Expectation, heard: &[Access]) {
        self.captures.insert(capture.name.clone());
        self.expectations += 1;
        let protocol = capture.name.split('/').next().unwrap_or_default();
        let score = self.scores.entry(protocol.to_owned()).or_default();
        let mut theirs = expected.lines.clone();
        let mut ours = Vec::new();
        for line in expected.told_by(heard) {
            match theirs.iter().position(|their| *their == line) {
                Some(at) => {
                    theirs.swap_remove(at);
                    self.agreed += 1;
                    score.agreed += 1;
                }
                None => ours.push(line),
            }
        }
        for (whose, lines) in [(Whose::Theirs, theirs), (Whose::Ours, ours)] {
            for line in lines {
                match disagreements::find(capture, whose, &line) {
                    Some(at) => {
                        *self.listed.entry(at).or_default() += 1;
                        match whose {
                            Whose::Theirs => score.missed += usize::from(disagreements::is_our_fault(at)),
                            Whose::Ours => score.invented += usize::from(disagreements::is_our_fault(at)),
                        }
                    }
                    None => {
                        self.wrong.push(format!("{} {whose:?} ({}): {line}", capture.name, expected.name));
                    }
                }
            }
        }
    }
}
