//! TCP and UDP from packets made by hand: order, repetition, holes, ends.

use crate::packets::{
    ACK, FIN, Heard, RST, SERVER, SYN, client, ethernet, handshake, hear, ipv4, pcap, raw, server, tcp, udp,
};
use model::event::{Cause, Joined};
use proptest::collection::vec;
use proptest::prelude::{any, proptest};
use proptest::sample::select;

/// A connection that opens at the given numbers and then has these packets.
fn after_handshake(client_isn: u32, server_isn: u32, packets: Vec<Vec<u8>>) -> Heard {
    let mut all = handshake(client_isn, server_isn);
    all.extend(packets);
    hear_both_ways(&all)
}

/// Hears IP packets on Ethernet, where plain segments go a short way, and without it, where none does: alike.
fn hear_both_ways(packets: &[Vec<u8>]) -> Heard {
    let general = hear(&raw(packets));
    let framed: Vec<_> = packets.iter().map(|packet| ethernet(0x0800, packet)).collect();
    let short = hear(&pcap(1, 65535, &framed));
    assert_eq!(short.talks, general.talks);
    assert_eq!((short.times, &short.tally), (general.times.clone(), &general.tally));
    general
}

proptest! {
    #[test]
    fn any_segments_are_heard_alike_on_both_ways(
        segments in vec((any::<[bool; 2]>(), 0u32..24, 0u32..24, select(FLAGS), 0usize..12), 0..60)
    ) {
        let packets = segments.into_iter().map(|([asks, first], sequence, acknowledged, flags, length)| {
            // The ports of the two connections add up to the same low byte.
            let client = ([10, 0, 0, 1], if first { 40000 } else { 40256 });
            let ends = if asks { [client, SERVER] } else { [SERVER, client] };
            let numbers = (sequence, acknowledged);
            let segment = tcp((ends[0].1, ends[1].1), numbers, flags, &b"abcdefghijkl"[..length]);
            ipv4(ends[0].0, ends[1].0, 6, &segment)
        });
        hear_both_ways(&packets.collect::<Vec<_>>());
    }
}

/// What a segment may say: mostly that a stream goes on.
const FLAGS: &[u8] = &[ACK, ACK, ACK, ACK, ACK, ACK, 0, SYN, SYN | ACK, FIN | ACK, RST];

#[test]
fn a_plain_connection_is_heard_whole() {
    let heard = after_handshake(
        100,
        900,
        vec![
            client(101, 901, ACK, b"ask"),
            server(901, 104, ACK, b"answer"),
            client(104, 907, ACK | FIN, b""),
            server(907, 105, ACK | FIN, b""),
            client(105, 908, ACK, b""),
        ],
    );
    let talk = heard.only();
    assert_eq!((talk.joined, talk.closed), (Joined::AtStart, true));
    assert_eq!(talk.server, "10.0.0.2:5432".parse().unwrap());
    assert_eq!((&talk.wire[0].bytes[..], &talk.wire[1].bytes[..]), (&b"ask"[..], &b"answer"[..]));
    assert_eq!((&talk.wire[0].lost, &talk.wire[1].lost), (&vec![], &vec![]));
    assert_eq!(heard.times[0], 1_700_000_000_000_000_000);
    assert!(heard.times.contains(&1_700_000_000_003_000_000));
}

/// Packets are a millisecond apart. What stands behind a hole is told once it is known for one, and was heard when it passed;
/// what stood behind a packet that came late was heard with that one.
#[test]
fn what_stands_behind_a_hole_keeps_its_time() {
    const MILLISECOND: u64 = 1_000_000;
    let behind = |filling: Vec<u8>| {
        let asked = client(10, 1, ACK, b"asked");
        let times = after_handshake(0, 0, vec![asked, filling, server(1, 15, ACK, b"answered")]).times;
        let begun = times[0];
        times.into_iter().map(|time| (time - begun) / MILLISECOND).collect::<Vec<_>>()
    };
    // Opened, the hole, what was asked, the answer.
    assert_eq!(behind(client(15, 1, ACK, b"")), [0, 5, 3, 5]);
    // Opened, what came late, what was asked, the answer.
    assert_eq!(behind(client(1, 1, ACK, b"came late")), [0, 4, 4, 5]);
}

#[test]
fn segments_out_of_order_are_put_in_order() {
    let heard = after_handshake(
        0,
        0,
        vec![
            client(7, 1, ACK, b"three"),
            client(4, 1, ACK, b"two"),
            client(1, 1, ACK, b"one"),
            client(12, 1, ACK, b"!"),
        ],
    );
    assert_eq!(heard.only().wire[0].bytes, b"onetwothree!");
}

#[test]
fn of_overlapping_copies_the_first_wins() {
    let heard = after_handshake(
        0,
        0,
        vec![
            client(1, 1, ACK, b"abcd"),
            client(3, 1, ACK, b"XXef"),
            client(11, 1, ACK, b"kl"),
            client(9, 1, ACK, b"ijXXm"),
            client(7, 1, ACK, b"ghXX"),
            client(1, 1, ACK, b"again"),
        ],
    );
    assert_eq!(heard.only().wire[0].bytes, b"abcdefghijklm");
    assert_eq!(heard.tally.repeated, 2 + 2 + 2 + 5);
}

#[test]
fn sequence_numbers_wrap() {
    let isn = u32::MAX - 5;
    let heard = after_handshake(
        isn,
        0,
        vec![
            client(isn.wrapping_add(7), 1, ACK, b"world"),
            client(isn.wrapping_add(1), 1, ACK, b"hello "),
            server(1, isn.wrapping_add(12), ACK, b"ok"),
        ],
    );
    assert_eq!(heard.only().wire[0].bytes, b"hello world");
    assert!(heard.only().wire[0].lost.is_empty());
}

#[test]
fn a_hole_that_the_other_side_has_is_lost_exactly() {
    let heard = after_handshake(
        0,
        0,
        vec![
            client(1, 1, ACK, b"abc"),
            client(14, 1, ACK, b"xyz"),
            server(1, 17, ACK, b"ok"),
            client(17, 3, ACK, b"!"),
        ],
    );
    let side = &heard.only().wire[0];
    assert_eq!(side.bytes, b"abcxyz!");
    assert_eq!(side.lost, vec![(3, 10, Cause::NotCaptured)]);
}

#[test]
fn a_packet_captured_after_its_acknowledgement_is_not_lost() {
    let heard = after_handshake(
        0,
        0,
        vec![server(1, 4, ACK, b""), client(1, 1, ACK, b"abc"), server(1, 4, ACK, b"ok")],
    );
    assert_eq!(heard.only().wire[0].bytes, b"abc");
    assert!(heard.only().wire[0].lost.is_empty());
}

#[test]
fn a_hole_that_nobody_explains_is_given_up_at_the_cap() {
    let packets = (0..1200u32).map(|n| client(1000 + n * 1000, 1, ACK, &[b'x'; 1000])).collect();
    let heard = after_handshake(0, 0, packets);
    let side = &heard.only().wire[0];
    assert_eq!(side.bytes.len(), 1_200_000);
    assert_eq!(side.lost, vec![(0, 999, Cause::NotCaptured)]);
}

#[test]
fn a_hole_at_the_end_of_the_file_is_lost() {
    let heard = after_handshake(0, 0, vec![client(5, 1, ACK, b"late"), client(12, 1, ACK | FIN, b"")]);
    let side = &heard.only().wire[0];
    assert_eq!(side.bytes, b"late");
    assert_eq!(side.lost, vec![(0, 4, Cause::NotCaptured), (8, 3, Cause::NotCaptured)]);
    assert!(!heard.only().closed);
}

#[test]
fn what_the_snap_length_cut_is_lost() {
    let mut packets = handshake(0, 0);
    packets.extend([client(1, 1, ACK, b"0123456789"), client(11, 1, ACK, b"next")]);
    let heard = hear(&pcap(101, 45, &packets));
    let side = &heard.only().wire[0];
    assert_eq!(side.bytes, b"01234next");
    assert_eq!(side.lost, vec![(5, 5, Cause::Limit)]);
}

#[test]
fn keep_alives_say_nothing() {
    let heard = after_handshake(
        0,
        0,
        vec![
            client(1, 1, ACK, b"abc"),
            client(3, 1, ACK, b""),
            client(3, 1, ACK, b"\0"),
            server(1, 4, ACK, b""),
            client(4, 1, ACK, b"d"),
        ],
    );
    assert_eq!(heard.only().wire[0].bytes, b"abcd");
}

#[test]
fn a_reset_closes_after_what_was_held() {
    let heard = after_handshake(0, 0, vec![client(3, 1, ACK, b"cd"), server(1, 1, RST | ACK, b"")]);
    let talk = heard.only();
    assert!(talk.closed);
    assert_eq!(talk.wire[0].bytes, b"cd");
    assert_eq!(talk.wire[0].lost, vec![(0, 2, Cause::NotCaptured)]);
}

#[test]
fn ports_used_again_are_another_connection() {
    let mut packets = handshake(0, 0);
    packets.push(client(1, 1, ACK, b"first"));
    packets.push(client(0, 0, SYN, b""));
    packets.extend(handshake(70_000, 80_000));
    packets.push(client(70_001, 80_001, ACK, b"second"));
    let heard = hear(&raw(&packets));
    let said: Vec<_> = heard.talks.values().map(|talk| (talk.wire[0].bytes.clone(), talk.closed)).collect();
    assert!(said.contains(&(b"first".to_vec(), true)));
    assert!(said.contains(&(b"second".to_vec(), false)));
    assert_eq!(said.len(), 2);
}

#[test]
fn a_connection_joined_midway_knows_its_server_by_the_port() {
    let heard = hear(&raw(&[server(500, 100, ACK, b"row"), client(100, 503, ACK, b"next")]));
    let talk = heard.only();
    assert_eq!((talk.joined, talk.server), (Joined::Midway, "10.0.0.2:5432".parse().unwrap()));
    assert_eq!((&talk.wire[0].bytes[..], &talk.wire[1].bytes[..]), (&b"next"[..], &b"row"[..]));
}

#[test]
fn who_accepts_is_the_server_whatever_the_port() {
    let odd = tcp((50_000, 80), (0, 1), SYN | ACK, b"");
    let heard = hear(&raw(&[ipv4([10, 0, 0, 9], [10, 0, 0, 8], 6, &odd)]));
    assert_eq!(heard.only().server, "10.0.0.9:50000".parse().unwrap());
}

#[test]
fn bare_acknowledgements_open_nothing() {
    assert!(hear(&raw(&[client(5, 5, ACK, b""), server(5, 5, RST, b"")])).talks.is_empty());
}

#[test]
fn datagrams_keep_their_bounds_and_expire() {
    let question = ipv4([10, 0, 0, 1], [10, 0, 0, 2], 17, &udp((40_000, 53), b"ask"));
    let answer = ipv4([10, 0, 0, 2], [10, 0, 0, 1], 17, &udp((53, 40_000), b"answer"));
    let mut file = raw(&[question.clone(), answer]);
    let later = raw(&[question]);
    let mut later = later[24..].to_vec();
    later[..4].copy_from_slice(&1_700_000_061_u32.to_le_bytes());
    file.extend(later);
    let heard = hear(&file);
    let talks: Vec<_> = heard.talks.values().collect();
    assert_eq!(talks.len(), 2);
    assert!(talks.iter().all(|talk| talk.server.port() == 53 && talk.wire[0].bytes == b"ask"));
    assert_eq!(talks.iter().filter(|talk| talk.closed).count(), 1);
}
