//! File formats and link layers: every way to the same bytes.

use std::io::Write;

use crate::packets::{
    ACK, CLIENT, FIN, SERVER, client, ethernet, fragment, handshake, hear, ipv4, ipv6, pcap, raw, server,
    tcp, udp,
};
use model::event::Cause;
use proptest::prelude::*;

/// One packet with the client's "hello", wrapped by `wrap`.
fn hello(link: u32, wrap: impl Fn(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    pcap(link, 65535, &[wrap(client(1, 1, ACK, b"hello"))])
}

fn says_hello(file: &[u8]) {
    let heard = hear(file);
    assert_eq!(heard.only().wire[0].bytes, b"hello", "{:?}", heard.tally);
}

fn prefixed(prefix: &[u8], packet: &[u8]) -> Vec<u8> {
    [prefix, packet].concat()
}

#[test]
fn every_link_layer_leads_to_the_same_bytes() {
    says_hello(&hello(1, |ip| ethernet(0x0800, &ip)));
    says_hello(&hello(1, |ip| [ethernet(0x0800, &ip), vec![0; 9]].concat()));
    says_hello(&hello(1, |ip| ethernet(0x8100, &prefixed(&[0, 5, 8, 0], &ip))));
    says_hello(&hello(1, |ip| ethernet(0x88a8, &prefixed(&[0, 5, 0x81, 0, 0, 6, 8, 0], &ip))));
    says_hello(&hello(1, |ip| ethernet(0x8847, &prefixed(&[0, 1, 0, 64, 0, 2, 1, 64], &ip))));
    says_hello(&hello(1, |ip| ethernet(0x8864, &prefixed(&[0x11, 0, 0, 1, 0, 50, 0, 0x21], &ip))));
    says_hello(&hello(113, |ip| [vec![0; 14], vec![8, 0], ip].concat()));
    says_hello(&hello(276, |ip| [vec![8, 0], vec![0; 18], ip].concat()));
    says_hello(&hello(101, |ip| ip));
    says_hello(&hello(12, |ip| ip));
    says_hello(&hello(228, |ip| ip));
    says_hello(&hello(0, |ip| prefixed(&[2, 0, 0, 0], &ip)));
    says_hello(&hello(108, |ip| prefixed(&[0, 0, 0, 2], &ip)));
}

#[test]
fn tunnels_lead_to_the_same_bytes() {
    let outer = |protocol, payload: &[u8]| ipv4([1, 1, 1, 1], [2, 2, 2, 2], protocol, payload);
    says_hello(&hello(101, |ip| outer(4, &ip)));
    says_hello(&hello(101, |ip| outer(47, &prefixed(&[0, 0, 8, 0], &ip))));
    says_hello(&hello(101, |ip| {
        outer(47, &prefixed(&[0x20, 0, 0x65, 0x58, 0, 0, 0, 1], &ethernet(0x0800, &ip)))
    }));
    let vxlan = |ip: Vec<u8>| prefixed(&[8, 0, 0, 0, 0, 0, 9, 0], &ethernet(0x0800, &ip));
    says_hello(&hello(101, |ip| outer(17, &udp((50_000, 4789), &vxlan(ip)))));
    let geneve = |ip: Vec<u8>| prefixed(&[0, 0, 0x65, 0x58, 0, 0, 9, 0], &ethernet(0x0800, &ip));
    says_hello(&hello(101, |ip| outer(17, &udp((50_000, 6081), &geneve(ip)))));
}

#[test]
fn tunnels_without_end_are_refused() {
    let nested = (0..20).fold(client(1, 1, ACK, b"hello"), |ip, _| ipv4([1; 4], [2; 4], 4, &ip));
    let heard = hear(&raw(&[nested]));
    assert!(heard.talks.is_empty());
    let reasons: Vec<_> = heard.tally.undecoded().filter(|(_, count)| *count > 0).collect();
    assert_eq!(reasons, vec![(capture::replay::Undecoded::TooDeep, 1)]);
}

#[test]
fn equal_addresses_in_two_networks_are_two_connections() {
    let tunnelled = |number: u8, text: &[u8]| {
        let inner = ethernet(0x0800, &client(1, 1, ACK, text));
        let vxlan = prefixed(&[8, 0, 0, 0, 0, 0, number, 0], &inner);
        ipv4([1, 1, 1, 1], [2, 2, 2, 2], 17, &udp((50_000, 4789), &vxlan))
    };
    let heard = hear(&raw(&[tunnelled(1, b"one"), tunnelled(2, b"two")]));
    assert_eq!(heard.talks.len(), 2);
    let tagged = |tag: u8, packet: &[u8]| ethernet(0x8100, &prefixed(&[0, tag, 8, 0], packet));
    let plain = |_, packet: &[u8]| ethernet(0x0800, packet);
    for first in [&tagged as &dyn Fn(u8, &[u8]) -> Vec<u8>, &plain] {
        let packets = [
            first(1, &client(1, 1, ACK, b"one")),
            tagged(2, &client(1, 1, ACK, b"two")),
            tagged(2, &server(1, 4, ACK, b"to the second")),
            first(1, &server(1, 4, ACK, b"to the first")),
        ];
        let heard = hear(&pcap(1, 65535, &packets));
        let said: Vec<_> =
            heard.talks.values().map(|talk| talk.wire.clone().map(|side| side.bytes)).collect();
        assert_eq!(said, [[&b"one"[..], b"to the first"], [b"two", b"to the second"]]);
    }
}

/// A switch that mirrors two of its ports shows each direction with another tag, or one of them without.
#[test]
fn both_directions_are_one_connection_whatever_their_tags() {
    let tagged = |tag: u8, packet: &[u8]| ethernet(0x8100, &prefixed(&[0, tag, 8, 0], packet));
    let (asked, answered) = (client(1, 1, ACK, b"one"), server(1, 4, ACK, b"two"));
    for answered in [tagged(2, &answered), ethernet(0x0800, &answered)] {
        let heard = hear(&pcap(1, 65535, &[tagged(1, &asked), answered]));
        let [asked, answered] = &heard.only().wire;
        assert_eq!([&asked.bytes, &answered.bytes], [b"one", b"two"]);
    }
}

#[test]
fn ipv6_with_extension_headers_is_read() {
    let segment = tcp((40_000, 5432), (1, 1), ACK, b"hello");
    says_hello(&raw(&[ipv6(1, 2, 6, &segment)]));
    let options = prefixed(&[60, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0], &segment);
    says_hello(&raw(&[ipv6(1, 2, 0, &options)]));
    let heard = hear(&raw(&[ipv6(1, 2, 6, &segment)]));
    assert_eq!(heard.only().server, "[fd00::2]:5432".parse().unwrap());
}

#[test]
fn fragments_are_put_together_in_any_order() {
    let segment = tcp((40_000, 5432), (1, 1), ACK, b"hello fragments, this is longer");
    let piece = |from: usize, to: usize| {
        fragment(CLIENT.0, SERVER.0, 6, (9, from, to < segment.len()), &segment[from..to])
    };
    let end = segment.len();
    for order in [vec![(0, 24), (24, 40), (40, end)], vec![(40, end), (24, 40), (0, 24)]] {
        let packets: Vec<_> = order.into_iter().map(|(from, to)| piece(from, to)).collect();
        assert_eq!(hear(&raw(&packets)).only().wire[0].bytes, b"hello fragments, this is longer");
    }
    let part = |from: usize, to: usize| {
        let place = from as u16 | u16::from(to < end);
        let header = [&[6, 0][..], &place.to_be_bytes(), &[0, 0, 0, 9]].concat();
        ipv6(1, 2, 44, &prefixed(&header, &segment[from..to]))
    };
    let heard = hear(&raw(&[part(24, end), part(0, 24)]));
    assert_eq!(heard.only().wire[0].bytes, b"hello fragments, this is longer");
}

#[test]
fn fragments_that_never_meet_are_counted() {
    let packets: Vec<_> =
        (0..200).map(|id| fragment(CLIENT.0, SERVER.0, 6, (id, 0, true), &[0; 64])).collect();
    let heard = hear(&raw(&packets));
    let given_up = heard.tally.undecoded().find(|(reason, _)| reason.name() == "fragment").unwrap().1;
    assert_eq!(given_up, 200);
}

/// Turns a little-endian microsecond file into another of the pcap family.
fn rewritten(file: &[u8], magic: u32, big: bool) -> Vec<u8> {
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let put = |value: u32| if big { value.to_be_bytes() } else { value.to_le_bytes() };
    let mut out = [put(magic), [0, 0, 0, 0], put(0), put(0), put(word(16)), put(word(20))].concat();
    let mut at = 24;
    while at < file.len() {
        let kept = word(at + 8) as usize;
        let fraction = if magic == 0xa1b2_3c4d { word(at + 4) * 1000 } else { word(at + 4) };
        out.extend([put(word(at)), put(fraction), put(word(at + 8)), put(word(at + 12))].concat());
        if magic == 0xa1b2_cd34 {
            out.extend([0; 8]);
        }
        out.extend(&file[at + 16..at + 16 + kept]);
        at += 16 + kept;
    }
    out
}

#[test]
fn every_pcap_magic_is_read() {
    let file = raw(&[client(1, 1, ACK, b"hel"), client(4, 1, ACK, b"lo")]);
    for magic in [0xa1b2_c3d4, 0xa1b2_3c4d, 0xa1b2_cd34] {
        for big in [false, true] {
            let file = rewritten(&file, magic, big);
            says_hello(&file);
            assert_eq!(hear(&file).times.last(), Some(&1_700_000_000_001_000_000));
        }
    }
}

#[test]
fn a_gzip_file_is_read_and_a_cut_one_is_reported() {
    let file = raw(&[client(1, 1, ACK, b"hello")]);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(&file).unwrap();
    let packed = packer.finish().unwrap();
    says_hello(&packed);
    let heard = hear(&packed[..packed.len() - 12]);
    assert!(heard.tally.garbled);
}

#[test]
fn a_cut_last_packet_is_a_warning_and_not_an_error() {
    let file = raw(&[client(1, 1, ACK, b"hello"), client(6, 1, ACK, b"lost")]);
    let heard = hear(&file[..file.len() - 5]);
    assert_eq!(heard.only().wire[0].bytes, b"hello");
    assert_eq!(heard.tally.truncated, 16 + 44 - 5);
    assert_eq!(heard.tally.warnings().len(), 1);
}

#[test]
fn an_absurd_length_ends_the_reading() {
    let mut file = raw(&[client(1, 1, ACK, b"hello")]);
    file.extend([0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    let heard = hear(&file);
    assert_eq!(heard.only().wire[0].bytes, b"hello");
    assert!(heard.tally.garbled);
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let mut padded = body.to_vec();
    padded.resize(body.len().next_multiple_of(4), 0);
    let length = (padded.len() + 12) as u32;
    [&kind.to_le_bytes()[..], &length.to_le_bytes(), &padded, &length.to_le_bytes()].concat()
}

fn section() -> Vec<u8> {
    block(0x0a0d_0d0a, &[&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]].concat())
}

fn interface(link: u16, options: &[u8]) -> Vec<u8> {
    block(1, &[&link.to_le_bytes()[..], &[0, 0, 0, 0, 4, 0], options].concat())
}

fn enhanced(interface: u32, time: u64, packet: &[u8]) -> Vec<u8> {
    let words = [interface, (time >> 32) as u32, time as u32, packet.len() as u32, packet.len() as u32];
    block(6, &[words.map(u32::to_le_bytes).concat(), packet.to_vec()].concat())
}

#[test]
fn pcapng_interfaces_have_their_own_link_and_clock() {
    let nanoseconds = [9, 0, 1, 0, 9, 0, 0, 0];
    let halves = [9, 0, 1, 0, 0x81, 0, 0, 0, 14, 0, 8, 0, 100, 0, 0, 0, 0, 0, 0, 0];
    let file = [
        section(),
        interface(101, &[]),
        interface(1, &nanoseconds),
        interface(101, &halves),
        block(5, b"statistics are passed over"),
        enhanced(0, 1_000_000, &client(1, 1, ACK, b"he")),
        enhanced(1, 2_000_000_001, &ethernet(0x0800, &client(3, 1, ACK, b"ll"))),
        enhanced(2, 5, &client(5, 1, ACK, b"o")),
        enhanced(7, 5, &client(6, 1, ACK, b"no such interface")),
    ]
    .concat();
    let heard = hear(&file);
    assert_eq!(heard.only().wire[0].bytes, b"hello");
    assert_eq!(heard.times, vec![1_000_000_000, 1_000_000_000, 2_000_000_001, 102_500_000_000]);
}

#[test]
fn pcapng_simple_and_obsolete_packets_are_read() {
    let packet = client(1, 1, ACK, b"he");
    let simple = block(3, &prefixed(&(packet.len() as u32).to_le_bytes(), &packet));
    let packet = client(3, 1, ACK, b"llo");
    let words = [0, 1, 0, packet.len() as u32, packet.len() as u32];
    let obsolete = block(2, &prefixed(&words.map(u32::to_le_bytes).concat(), &packet));
    says_hello(&[section(), interface(101, &[]), simple, obsolete].concat());
}

#[test]
fn a_second_section_begins_anew() {
    let part = |text: &[u8], sequence| {
        [section(), interface(101, &[]), enhanced(0, 1, &client(sequence, 1, ACK, text))].concat()
    };
    says_hello(&[part(b"hel", 1), part(b"lo", 4)].concat());
}

#[test]
fn a_file_in_no_known_format_is_refused_in_words() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.txt");
    std::fs::write(&path, "hello").unwrap();
    let error = capture::replay::open(&path, &capture::replay::Options::default()).err().unwrap().to_string();
    assert!(error.contains("notes.txt is neither a packet capture"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_as_packets_panic(link in prop::sample::select(vec![0u32, 1, 12, 101, 108, 113, 228, 276, 300]),
        packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20)) {
        hear(&pcap(link, 150, &packets));
    }

    #[test]
    fn no_change_to_good_packets_panics(changes in prop::collection::vec((0usize..600, any::<u8>()), 1..12)) {
        let mut packets = handshake(5, 9);
        packets.push(client(6, 10, ACK, b"hello"));
        packets.push(ipv4([1; 4], [2; 4], 17, &udp((9, 4789), &prefixed(&[8, 0, 0, 0, 0, 0, 9, 0], &ethernet(0x0800, &packets[3])))));
        packets.push(server(10, 11, ACK | FIN, b"world"));
        let mut file = raw(&packets);
        for (at, value) in changes {
            let at = at % file.len();
            // The magic stays: without it there is nothing to read.
            if at >= 4 { file[at] = value; }
        }
        hear(&file);
    }

    #[test]
    fn no_bytes_as_blocks_panic(body in prop::collection::vec(any::<u8>(), 0..400), kind in 0u32..12) {
        hear(&[section(), interface(101, &[]), block(kind, &body), body].concat());
    }

    #[test]
    fn any_order_and_any_cut_give_the_same_stream(cuts in prop::collection::vec(1usize..60, 1..30), seed in any::<u64>()) {
        let text: Vec<u8> = (0..cuts.iter().sum::<usize>()).map(|n| n as u8).collect();
        let mut at = 0;
        let mut pieces = Vec::new();
        for (n, cut) in cuts.iter().enumerate() {
            // Every third piece also repeats some bytes of the one before.
            let from = if n % 3 == 0 { at } else { at - at.min(7) };
            pieces.push(client(1 + from as u32, 1, ACK, &text[from..at + cut]));
            at += cut;
        }
        let mut state = seed;
        for last in (1..pieces.len()).rev() {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            pieces.swap(last, (state >> 33) as usize % (last + 1));
        }
        let mut packets = handshake(0, 0);
        packets.extend(pieces);
        let heard = hear(&raw(&packets));
        prop_assert_eq!(&heard.only().wire[0].bytes, &text);
        prop_assert!(heard.only().wire[0].lost.is_empty());
    }
}

#[test]
fn a_cut_datagram_says_how_much_is_missing() {
    let packet = ipv4([10, 0, 0, 1], [10, 0, 0, 2], 17, &udp((40_000, 53), b"0123456789"));
    let heard = hear(&pcap(101, 32, &[packet]));
    let side = &heard.only().wire[0];
    assert_eq!((&side.bytes[..], &side.lost[..]), (&b"0123"[..], &[(4, 6, Cause::Limit)][..]));
}
