//! Packet captures: what stands in the files is what was said, at its positions, whatever its size and its ends.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;

use etherparse::{SlicedPacket, TransportSlice};
use model::conn::{Address, ConnId, Layer, Role, Speaker, Transport};
use model::event::{Event, Joined, Opened, Said, What};
use model::time::Time;
use proptest::prelude::*;
use sinks::pcapng::{Pcapng, Ring};

const CONN: ConnId = ConnId { tgid: 7, fd: 3, generation: 1 };
const AT: Time = Time(1_700_000_000_123_456_789);

fn opened(transport: Transport, client: &str, server: &str) -> What<'static> {
    let address = |text: &str| text.parse().map_or(Address::Unknown, Address::Inet);
    What::Opened(Arc::new(Opened {
        transport,
        role: Role::Client,
        joined: Joined::AtStart,
        client: address(client),
        server: address(server),
        process: None,
        peer: None,
        weight: 1,
    }))
}

fn said(speaker: Speaker, offset: u64, bytes: &[u8]) -> What<'_> {
    What::Said(Said { layer: Layer::Clear, speaker, offset, bytes })
}

fn record(capture: &mut Pcapng, what: What<'_>) {
    capture.record(&Event { at: AT, conn: CONN, what }).unwrap();
}

/// A packet as any reader finds it.
#[derive(Debug)]
struct Packet {
    syn: bool,
    from: u16,
    to: u16,
    sequence: u32,
    payload: Vec<u8>,
}

/// The packets of a file, whose blocks must be sound.
fn packets(file: &Path) -> Vec<Packet> {
    let bytes = std::fs::read(file).unwrap();
    let mut rest = bytes.as_slice();
    let mut packets = Vec::new();
    while !rest.is_empty() {
        let word = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
        let length = word(4) as usize;
        assert_eq!((length % 4, word(length - 4) as usize), (0, length), "its length stands at both ends");
        if word(0) == 6 {
            assert_eq!(u64::from(word(12)) << 32 | u64::from(word(16)), AT.0);
            packets.push(packet(&rest[28..28 + word(20) as usize]));
        }
        rest = &rest[length..];
    }
    packets
}

fn packet(bytes: &[u8]) -> Packet {
    match SlicedPacket::from_ip(bytes).unwrap().transport.unwrap() {
        TransportSlice::Tcp(tcp) => Packet {
            syn: tcp.syn(),
            from: tcp.source_port(),
            to: tcp.destination_port(),
            sequence: tcp.sequence_number(),
            payload: tcp.payload().to_vec(),
        },
        TransportSlice::Udp(udp) => Packet {
            syn: false,
            from: udp.source_port(),
            to: udp.destination_port(),
            sequence: 0,
            payload: udp.payload().to_vec(),
        },
        other => panic!("neither TCP nor UDP: {other:?}"),
    }
}

/// The bytes that came from a port, each at its place behind the first sequence number.
fn stream(packets: &[Packet], from: u16) -> Vec<u8> {
    let ours = || packets.iter().filter(|packet| packet.from == from);
    let first = ours().find(|packet| packet.syn).map_or(0, |packet| packet.sequence.wrapping_add(1));
    let mut bytes = Vec::new();
    for packet in ours().filter(|packet| !packet.payload.is_empty()) {
        assert_eq!(packet.sequence.wrapping_sub(first) as usize, bytes.len(), "packets follow each other");
        bytes.extend(&packet.payload);
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_was_said_stands_in_the_packets(
        turns in prop::collection::vec((any::<bool>(), 0_usize..200_000), 1..6),
        (client, server) in prop::sample::select(vec![
            ("10.0.0.1:50000", "10.0.0.2:5432"),
            ("[::1]:50000", "[::1]:5432"),
            ("10.0.0.1:50000", "[2001:db8::2]:5432"),
        ]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("said.pcapng");
        let mut capture = Pcapng::create(&file, None).unwrap();
        record(&mut capture, opened(Transport::Tcp, client, server));
        let mut all = [Vec::new(), Vec::new()];
        for (turn, (is_client, length)) in turns.iter().enumerate() {
            let speaker = if *is_client { Speaker::Client } else { Speaker::Server };
            let bytes = vec![u8::try_from(turn).unwrap(); *length];
            let before = &mut all[speaker as usize];
            record(&mut capture, said(speaker, before.len() as u64, &bytes));
            before.extend(bytes);
        }
        record(&mut capture, What::Closed);
        capture.finish().unwrap();
        let packets = packets(&file);
        prop_assert_eq!(&stream(&packets, 50_000), &all[0]);
        prop_assert_eq!(&stream(&packets, 5432), &all[1]);
    }
}

#[test]
fn datagrams_and_ends_without_an_address_are_packets_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("said.pcapng");
    let mut capture = Pcapng::create(&file, None).unwrap();
    record(&mut capture, opened(Transport::UnixDatagram, "", ""));
    record(&mut capture, said(Speaker::Client, 0, b"one"));
    record(&mut capture, said(Speaker::Server, 0, &[7; 70_000]));
    capture.finish().unwrap();
    let lengths: Vec<_> = packets(&file).iter().map(|packet| packet.payload.len()).collect();
    assert_eq!(lengths, [3, 65_000], "longer than any packet: cut");
}

#[test]
fn plaintext_of_tls_is_not_shown_where_tls_is_expected() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("said.pcapng");
    let mut capture = Pcapng::create(&file, None).unwrap();
    record(&mut capture, opened(Transport::Tcp, "10.0.0.1:50000", "10.0.0.2:443"));
    record(&mut capture, said(Speaker::Client, 0, b"GET / HTTP/1.1\r\n\r\n"));
    capture.finish().unwrap();
    assert!(packets(&file).iter().all(|packet| packet.from == 80 || packet.to == 80));
}

#[test]
fn a_ring_keeps_the_newest_files_and_each_can_be_read_alone() {
    let folder = tempfile::tempdir().unwrap();
    let ring = Ring { files: 2, bytes: 4096 };
    let mut capture = Pcapng::create(&folder.path().join("said.pcapng"), Some(ring)).unwrap();
    record(&mut capture, opened(Transport::Tcp, "10.0.0.1:50000", "10.0.0.2:5432"));
    for piece in 0..10_u8 {
        record(&mut capture, said(Speaker::Client, u64::from(piece) * 2048, &[piece; 2048]));
    }
    capture.finish().unwrap();
    let files = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path());
    let mut pieces: Vec<_> = files.map(|file| stream(&packets(&file), 50_000)).collect();
    pieces.sort();
    let pieces: Vec<Vec<u8>> =
        pieces.iter().map(|bytes| bytes.chunks(2048).map(|piece| piece[0]).collect()).collect();
    assert_eq!(pieces, [[6, 7], [8, 9]], "the newest two files, each with a hand-shake before its pieces");
}
