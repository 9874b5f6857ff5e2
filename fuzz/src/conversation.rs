//! One target for all protocols: any protocol, any bytes, any cuts, any losses.
//!
//! The input is a protocol's number, then writes: a head byte (whose lowest bit is the speaker, the next whether the bytes are
//! lost, the rest how the write is cut), a length, and the bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::conn::Speaker;
use model::event::{Cause, Joined};
use model::time::Time;
use protocols::ALL;
use protocols::kit::conversation::{Conversation, Standing};
use protocols::kit::desk::Desk;
use protocols::kit::half::WINDOW;
use protocols::kit::protocol::Opening;

fuzz_target!(|input: &[u8]| {
    let Some((&[which, joined], mut rest)) = input.split_first_chunk() else { return };
    let Some(protocol) = ALL.get(which as usize % ALL.len()) else { return };
    let joined = if joined & 1 == 0 { Joined::AtStart } else { Joined::Midway };
    for each in ALL {
        each.recognise(&Opening { client: rest, server: rest, port: None, joined });
    }
    let mut conversation = Conversation::open(protocol, joined);
    let mut desk = Desk::default();
    let mut now = 0;
    while let Some((&[head, high, low], after)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([high, low])).min(after.len());
        let (bytes, left) = after.split_at(length);
        rest = left;
        now += 1000;
        let speaker = if head & 1 == 0 { Speaker::Client } else { Speaker::Server };
        if head & 2 != 0 {
            conversation.miss(speaker, Time(now), u64::from(high) << 8 | u64::from(low), Cause::RingFull, &mut desk);
        }
        let cut = usize::from(head >> 2).max(1);
        for piece in bytes.chunks(if head & 0x80 == 0 { bytes.len().max(1) } else { cut }) {
            if conversation.hear(speaker, Time(now), piece, &mut desk) != Standing::Ours {
                return;
            }
        }
        assert!(conversation.held() <= 4 * WINDOW, "an unfinished message outgrew its window");
        desk.exchanges.clear();
    }
    conversation.close(Time(now), &mut desk);
});
