//! Captures that we did not make: all are read to the end, and tshark hears the same bytes.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::packets::{Heard, hear_file};

/// The corpus beside the project; says so loudly when it is not there.
pub(crate) fn corpus() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut places = root.ancestors().map(|above| above.join("../shared/corpus"));
    let found = places.find(|place| place.join("index.tsv").exists());
    if found.is_none() {
        _ = writeln!(
            std::io::stderr(),
            "SKIPPED: no ../shared/corpus beside the project; foreign captures were not read"
        );
    }
    found
}

fn captures(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            captures(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "pcap" || kind == "pcapng" || kind == "gz") {
            found.push(path);
        }
    }
}

#[test]
fn every_foreign_capture_is_read_to_its_end() {
    let Some(corpus) = corpus() else { return };
    let mut found = Vec::new();
    captures(&corpus, &mut found);
    assert!(found.len() > 500, "only {} captures", found.len());
    let garbled: Vec<_> = found.iter().filter(|path| hear_file(path).tally.garbled).collect();
    assert!(garbled.is_empty(), "not read to the end: {garbled:?}");
}

/// What `tshark -z follow` heard on one stream: who is node 0, and the bytes of node 0 and node 1.
type Followed = (SocketAddr, [Vec<u8>; 2]);

/// Every TCP stream of a capture as tshark reassembles it.
fn followed(path: &Path, streams: usize) -> Option<Vec<Followed>> {
    let mut command = Command::new("tshark");
    command.args(["-n", "-q", "-r"]).arg(path);
    for stream in 0..streams {
        command.args(["-z", &format!("follow,tcp,raw,{stream}")]);
    }
    let output = command.output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    Some(text.split("Follow: tcp,raw").skip(1).filter_map(stream).collect())
}

/// `None` for a stream that does not exist (UDP flows are counted among ours).
fn stream(text: &str) -> Option<Followed> {
    let node: SocketAddr = text.lines().find_map(|line| line.strip_prefix("Node 0: "))?.parse().ok()?;
    let node = SocketAddr::new(node.ip().to_canonical(), node.port());
    let mut sides = [Vec::new(), Vec::new()];
    for line in text.lines().skip_while(|line| !line.starts_with("Node 1")).skip(1) {
        let hex = line.trim();
        let side = usize::from(line.starts_with('\t'));
        let digits = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        sides[side].extend(digits.map_while(|pair| u8::from_str_radix(pair, 16).ok()));
    }
    Some((node, sides))
}

/// What each sender said in each of its connections: by address, since roles may be judged differently.
fn by_sender(heard: &Heard) -> BTreeMap<SocketAddr, Vec<&[u8]>> {
    let mut senders: BTreeMap<SocketAddr, Vec<&[u8]>> = BTreeMap::new();
    for talk in heard.talks.values() {
        for (address, side) in [talk.client, talk.server].into_iter().zip(&talk.wire) {
            senders.entry(address).or_default().push(&side.bytes);
        }
    }
    senders
}

/// The captures that tshark reads beside us: whole, reordered, repeated, on several links.
const COMPARED: &[&str] = &["postgresql", "redis"];

#[test]
fn tshark_hears_the_same_bytes() {
    let Some(corpus) = corpus() else { return };
    if Command::new("tshark").arg("-v").output().is_err() {
        _ = writeln!(std::io::stderr(), "SKIPPED: no tshark; streams were not compared with a second reader");
        return;
    }
    let mut found = Vec::new();
    COMPARED.iter().for_each(|folder| captures(&corpus.join(folder), &mut found));
    let (mut same, mut different) = (0, Vec::new());
    for path in found {
        let heard = hear_file(&path);
        let holes = heard.talks.values().any(|talk| talk.wire.iter().any(|side| !side.lost.is_empty()));
        let secret = heard.talks.values().any(|talk| talk.sealed != [0, 0]);
        // tshark shows what a scanner sent after the server's reset; no program ever got it, and neither do we.
        let scanned = path.ends_with("zeek__modbus-and-non-modbus-p502.pcap");
        if scanned || holes || secret || heard.talks.len() > 50 {
            // And it writes its own words into holes, and knows no ciphertext.
            continue;
        }
        let ours = by_sender(&heard);
        for (node, sides) in followed(&path, heard.talks.len()).unwrap() {
            let known = ours.get(&node).is_some_and(|said| said.contains(&&sides[0][..]));
            if known || sides[0].is_empty() { same += 1 } else { different.push((path.clone(), node)) }
        }
    }
    eprintln!("{same} streams heard alike");
    assert!(different.is_empty() && same > 30, "{same} alike; heard otherwise: {different:#?}");
}
