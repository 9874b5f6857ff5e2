//! TLS with keys: what programs said, out of captures of real ones.

use std::path::{Path, PathBuf};

use capture::replay::Options;
use model::event::Cause;

use crate::corpus::corpus;
use crate::packets::{ACK, Talk, client, handshake, hear, hear_file, hear_with, pcap, raw, server};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// What each side of a talk said in clear.
fn clear(talk: &Talk) -> [String; 2] {
    [0, 1].map(|side| {
        assert!(talk.clear[side].lost.is_empty(), "{:?}", talk.clear[side].lost);
        String::from_utf8_lossy(&talk.clear[side].bytes).into_owned()
    })
}

#[test]
fn every_suite_is_opened_with_the_keys_that_the_file_holds() {
    let suites = ["aes128", "aes256", "chacha20"];
    let names = suites.iter().flat_map(|suite| [format!("tls12_{suite}"), format!("tls13_{suite}")]);
    for name in names.chain(["tls13_retry".to_owned()]) {
        let heard = hear_file(&fixture(&format!("{name}.pcapng")));
        let talk = heard.only();
        let [asked, answered] = clear(talk);
        let lines: Vec<_> = asked.lines().filter(|line| line.starts_with("GET")).collect();
        assert_eq!(lines, ["GET / HTTP/1.1", "GET /nope HTTP/1.1", "GET / HTTP/1.1"], "{name}");
        let status: Vec<_> = answered.lines().filter(|line| line.starts_with("HTTP/1.1 ")).collect();
        assert_eq!(status, ["HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found", "HTTP/1.1 200 OK"], "{name}");
        assert!(answered.ends_with("hello world\n"), "{name}");
        assert!(talk.secured && talk.wire.iter().all(|side| side.bytes.is_empty()), "{name}");
    }
}

#[test]
fn a_connection_that_turns_to_tls_goes_on_in_clear() {
    let heard = hear_file(&fixture("postgres_tls.pcapng"));
    let talk = heard.only();
    assert_eq!(talk.wire[0].bytes, [0, 0, 0, 8, 4, 210, 22, 47]);
    assert_eq!(talk.wire[1].bytes, b"S");
    let [asked, answered] = clear(talk);
    assert!(asked.contains("SELECT 'through tls' AS answer, generate_series(1,3)\0"));
    assert!(answered.contains("SELECT 3\0"));
}

#[test]
fn early_data_and_key_updates_are_followed() {
    let keylog = Some(fixture("early_data.keys"));
    let heard = hear_with(&fixture("early_data.pcap"), &Options { keylog, judge: None });
    let asked: Vec<_> = heard.talks.values().map(|talk| clear(talk)[0].clone()).collect();
    assert_eq!(asked[0], "GET / HTTP/1.1\nHost: localhost\nConnection: close\n\n".replace('\n', "\r\n"));
    let early =
        "GET / HTTP/1.1\nHost: localhost\n\nGET /after HTTP/1.1\nHost: localhost\nConnection: close\n\n";
    assert_eq!(asked[1], early.replace('\n', "\r\n"));
}

#[test]
fn without_keys_ciphertext_is_counted_and_never_shown() {
    let heard = hear_file(&fixture("early_data.pcap"));
    for talk in heard.talks.values() {
        assert!(!talk.secured && talk.sealed.iter().all(|length| *length > 0));
        assert!([&talk.wire, &talk.clear].into_iter().flatten().all(|side| side.bytes.is_empty()));
    }
}

#[test]
fn foreign_captures_are_opened() {
    let Some(corpus) = corpus() else { return };
    let capture = corpus.join("tls_keylog/illustrated-tls13__capture.pcap");
    let keylog = Some(corpus.join("tls_keylog/illustrated-tls13__capture.pcap.golden/keylog.txt"));
    let heard = hear_with(&capture, &Options { keylog, judge: None });
    assert_eq!(clear(heard.only()), ["ping", "pong"]);
}

/// The packets of a pcapng file that holds one interface.
fn blocks(file: &[u8]) -> Vec<&[u8]> {
    let mut rest = file;
    let mut blocks = Vec::new();
    while rest.len() >= 12 {
        let length = u32::from_le_bytes(rest[4..8].try_into().unwrap()) as usize;
        let (block, after) = rest.split_at(length);
        blocks.push(block);
        rest = after;
    }
    blocks
}

#[test]
fn a_lost_packet_costs_its_records_and_no_more() {
    for name in ["tls13_aes128", "tls12_aes256", "tls12_chacha20"] {
        let file = std::fs::read(fixture(&format!("{name}.pcapng"))).unwrap();
        let blocks = blocks(&file);
        let whole = hear(&file);
        let answers = whole.only().clear[1].bytes.len() as u64;
        for left_out in 0..blocks.len() {
            // Without its hellos a session cannot be opened, and without its secrets neither.
            if blocks[left_out][0] != 6 || left_out < blocks.len() / 2 {
                continue;
            }
            let file = [&blocks[..left_out], &blocks[left_out + 1..]].concat().concat();
            let heard = hear(&file);
            let side = &heard.only().clear[1];
            let lost: u64 = side.lost.iter().map(|(_, length, _)| length).sum();
            assert!(side.lost.iter().all(|(_, _, cause)| *cause == Cause::NotCaptured));
            let kept = side.bytes.len() as u64;
            assert!(kept + lost >= answers, "{name}, packet {left_out}: {kept} and {lost} of {answers}");
            if lost == 0 {
                assert_eq!(side.bytes, whole.only().clear[1].bytes, "{name}, packet {left_out}");
            }
        }
    }
}

#[test]
fn bytes_that_only_begin_like_tls_are_shown() {
    let mut packets = handshake(0, 0);
    packets.push(client(1, 1, ACK, b"\x16\x03\x01\x00\x05hello"));
    packets.push(server(1, 11, ACK, b"\x16\x03"));
    let heard = hear(&raw(&packets));
    assert_eq!(heard.only().wire[0].bytes, b"\x16\x03\x01\x00\x05hello");
    assert_eq!(heard.only().wire[1].bytes, b"\x16\x03");
}

mod hostile {
    use super::*;
    use proptest::prelude::{ProptestConfig, any, prop, proptest};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn no_change_to_a_session_panics(changes in prop::collection::vec((0usize..6000, any::<u8>()), 1..20), which in 0usize..3) {
            let name = ["tls13_aes128", "tls12_aes256", "postgres_tls"][which];
            let mut file = std::fs::read(fixture(&format!("{name}.pcapng"))).unwrap();
            for (at, value) in changes {
                let at = 28 + at % (file.len() - 28);
                file[at] = value;
            }
            hear(&file);
        }

        #[test]
        fn no_records_panic(records in prop::collection::vec((20u8..24, prop::collection::vec(any::<u8>(), 0..100)), 0..20)) {
            let mut packets = handshake(0, 0);
            let mut hello = vec![0x16, 3, 1, 0, 46, 1, 0, 0, 42, 3, 3];
            hello.resize(51, 0);
            packets.push(client(1, 1, ACK, &hello));
            let mut next = 1;
            for (kind, body) in records {
                let record = [&[kind, 3, 3, 0, body.len() as u8][..], &body].concat();
                packets.push(server(next, 52, ACK, &record));
                next += record.len() as u32;
            }
            hear(&pcap(101, 65535, &packets));
        }
    }
}
