//! Losses behind pieces of an exchange that goes on: they are told with that exchange, and not with the next one.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use model::conn::Speaker;
use model::event::{Cause, Joined};
use model::exchange::{Completeness, Exchange};
use model::time::Time;
use protocols::kit::conversation::Conversation;
use protocols::kit::desk::Desk;
use protocols::kit::transcript::{self, Line};

const TRANSCRIPTS: [&str; 3] = [
    include_str!("../src/sql/clickhouse/fixtures/long_plain.transcript"),
    include_str!("../src/sql/clickhouse/fixtures/packed_lz4.transcript"),
    include_str!("../src/sql/clickhouse/fixtures/packed_zstd.transcript"),
];

/// What is heard where all but the first `kept` bytes of line `at` are lost.
fn play(lines: &[Line], at: usize, kept: usize) -> Vec<Box<Exchange>> {
    let protocol = protocols::ALL.iter().find(|protocol| protocol.name() == "clickhouse").unwrap();
    let (mut conversation, mut desk) = (Conversation::open(protocol, Joined::AtStart), Desk::default());
    for (number, line) in lines.iter().enumerate() {
        let time = Time(number as u64);
        let said = if number == at { &line.bytes[..kept] } else { &line.bytes };
        conversation.hear(line.speaker, time, said, &mut desk);
        let lost = line.bytes.len() - said.len();
        if lost > 0 {
            conversation.miss(line.speaker, time, lost as u64, Cause::Limit, &mut desk);
        }
    }
    conversation.close(Time(lines.len() as u64), &mut desk);
    desk.exchanges
}

/// An insert that is longer than what is kept of a call was told as whole, and what was lost of it stood with the next statement.
#[test]
fn what_is_lost_of_an_insert_is_told_with_it() {
    let mut proven = 0;
    for text in TRANSCRIPTS {
        let lines = transcript::parse(text).unwrap();
        let whole = play(&lines, lines.len(), 0);
        for insert in whole.iter().filter(|exchange| exchange.request.operation == "INSERT") {
            let (asked, answered) = (insert.asked.0, insert.answered.unwrap().0);
            let long = |at: &u64| lines[usize::try_from(*at).unwrap()].bytes.len() > 200;
            for at in (asked + 1..answered).filter(long) {
                let at = usize::try_from(at).unwrap();
                if lines[at].speaker == Speaker::Server {
                    continue;
                }
                let length = lines[at].bytes.len();
                for kept in [0, length / 2, length - 1] {
                    let heard = play(&lines, at, kept);
                    let told = heard.iter().find(|exchange| exchange.asked.0 == asked).unwrap();
                    let lost = told.completeness;
                    assert!(lost.lost_bytes >= (length - kept) as u64, "line {at}, {kept} kept: {told:#?}");
                    assert_eq!(lost.cause, Some(Cause::Limit));
                    for other in heard.iter().filter(|exchange| exchange.asked.0 != asked) {
                        let case = format!("line {at}, {kept} kept: {other:#?}");
                        assert_eq!(other.completeness, Completeness::default(), "{case}");
                    }
                    proven += 1;
                }
            }
        }
    }
    assert!(proven >= 9, "{proven} cases prove nothing");
}
