//! What became of a delivery (part 3, section 3.4; part 4, section 4.5).

use model::exchange::{Failure, Outcome, Response};

use super::performatives::{failure, fields};
use super::values::Value;

const REJECTED: u64 = 0x25;
const DECLARED: u64 = 0x33;
const TRANSACTIONAL: u64 = 0x34;

/// The states, whether they are last, and whether the message was taken.
const STATES: [(u64, &str, Fate); 6] = [
    (0x24, "accepted", Fate::Taken),
    (REJECTED, "rejected", Fate::NotTaken),
    (0x26, "released", Fate::NotTaken),
    (0x27, "modified", Fate::NotTaken),
    (DECLARED, "declared", Fate::Taken),
    (0x23, "received", Fate::Open),
];

/// What is to come of a delivery in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Taken,
    NotTaken,
    /// More will be said of it.
    Open,
}

/// The name of a state, and what it means; that within a transaction is the one that it will have.
pub(super) fn state(value: Value<'_>) -> Option<(&'static str, Fate)> {
    let (code, value) = value.described()?;
    if code == TRANSACTIONAL {
        // Nothing but the transaction is a state too: it is provisionally taken.
        let outcome = fields(value.list()?).ok()?.get(1).copied().and_then(state);
        return Some(outcome.unwrap_or(("transactional", Fate::Taken)));
    }
    STATES.iter().find(|(known, ..)| *known == code).map(|(_, name, fate)| (*name, *fate))
}

/// Writes what became of what was sent.
pub(super) fn answer(value: Value<'_>, response: &mut Response) {
    let Some((name, fate)) = state(value) else {
        // It was settled without a word.
        response.outcome = Outcome::Ok;
        return;
    };
    response.details.push(("state", name.into()));
    if fate != Fate::NotTaken {
        response.outcome = Outcome::Ok;
        return;
    }
    response.outcome = Outcome::Error;
    let said = value
        .described()
        .filter(|(code, _)| *code == REJECTED)
        .and_then(|(_, value)| fields(value.list()?).ok()?.first().copied().and_then(failure));
    response.failure = Some(said.unwrap_or_else(|| {
        Box::new(Failure { code: name.into(), message: "the server did not take the message".into() })
    }));
}
