//! Statistics: what was seen, what was lost and why, for people and for programs.

use std::fmt::Write;
use std::path::PathBuf;

use capture::kernel::ledger::Ledger;
use capture::kernel::trials::{Distrust, Trial};
use model::event::Cause;
use serde_json::{Value, json};
use track::darkness::{Dark, Darkness};
use track::tally::Tally;

use crate::libraries::{Doubtful, against};
use crate::losses;

/// A tally in words, on a few lines.
pub(crate) fn tell(tally: &Tally, open: usize) -> String {
    let mut text = String::new();
    let total: u64 = tally.exchanges().values().sum();
    let by_protocol: Vec<_> = tally.exchanges().iter().map(|(name, n)| format!("{name} {n}")).collect();
    _ = write!(text, "{total} exchanges");
    if total > 0 {
        _ = write!(text, " ({})", by_protocol.join(", "));
    }
    _ = writeln!(text, " on {} connections, {open} of them open", tally.connections);
    _ = write!(text, "read {}", Bytes(tally.heard_bytes));
    _ = write!(text, ", ciphertext {}", Bytes(tally.sealed_bytes));
    _ = writeln!(text, ", of unknown protocols {}", Bytes(tally.unknown_bytes));
    if tally.lost_bytes.is_empty() {
        text.push_str("lost nothing");
    } else {
        let by_cause = tally.lost_bytes.iter().map(|(cause, n)| format!("{} {}", cause.name(), Bytes(*n)));
        _ = write!(text, "lost {}", by_cause.collect::<Vec<_>>().join(", "));
    }
    _ = write!(text, "; {} breaches of protocol", tally.breaches);
    if tally.skipped_bytes > 0 {
        _ = write!(text, ", {} passed over", Bytes(tally.skipped_bytes));
    }
    if tally.evicted > 0 {
        _ = write!(text, "; {} connections given up at the cap", tally.evicted);
    }
    text.push('\n');
    text
}

/// Dark connections in words, a line for each program, with the reason that `why` knows of a process.
pub(crate) fn darkness(dark: &Darkness, why: impl Fn(u32) -> Option<String>) -> String {
    if dark.is_empty() {
        return String::new();
    }
    let mut text = "dark connections, of which only ciphertext was seen:\n".to_owned();
    for (name, Dark { connections, pid, servers }) in dark.iter() {
        let blank = if name.is_empty() { "" } else { " " };
        _ = write!(text, "  {name}{blank}{connections}");
        if !servers.is_empty() {
            let servers: Vec<_> = servers.iter().map(|server| &**server).collect();
            _ = write!(text, " to {}", servers.join(", "));
        }
        if let Some(why) = pid.and_then(&why) {
            _ = write!(text, ": {why}");
        }
        text.push('\n');
    }
    text
}

/// The kernel side's account, to the byte: what it saw is what it delivered and what it did not, by cause.
pub(crate) fn account(ledger: &Ledger) -> String {
    let Ledger { seen_calls, seen_bytes, delivered, sealed, twice, .. } = ledger;
    let mut text = format!(
        "the kernel saw {seen_bytes} bytes in {seen_calls} calls: {delivered} delivered, {sealed} ciphertext, \
         {twice} at the other end of a connection that is read already, {} lost",
        ledger.lost()
    );
    if ledger.lost() > 0 {
        let causes = lost(ledger).map(|(cause, bytes)| format!("{cause} {bytes}"));
        _ = write!(text, " ({})", causes.join(", "));
    }
    let oddities = [
        (ledger.violations, "nonsense answers of hooked functions"),
        (ledger.crowded, "calls whose connection found no room"),
        (ledger.compat_calls, "calls of 32-bit programs, which are not read"),
        (ledger.lost_lives, "starts or ends of processes missed"),
        (ledger.unreadable, "records that made no sense"),
        (ledger.untold_ends, "connections that ended untold"),
        (ledger.untold_bytes, "bytes lost on those, ciphertext, or read elsewhere"),
        (ledger.left_out_ends, "connections left out whole"),
        (ledger.left_out_bytes, "bytes on those"),
    ];
    for (count, what) in oddities.into_iter().filter(|(count, _)| *count > 0) {
        _ = write!(text, "; {count} {what}");
    }
    text.push('\n');
    text
}

/// Tally and account as one JSON object.
pub(crate) fn json(
    tally: &Tally,
    open: usize,
    ledger: &Ledger,
    why: impl Fn(u32) -> Option<String>,
) -> Value {
    let lost: serde_json::Map<_, _> =
        tally.lost_bytes.iter().map(|(cause, n)| (cause.name().to_owned(), (*n).into())).collect();
    let dark = tally.dark.iter().map(|(name, Dark { connections, pid, servers })| {
        let servers: Vec<_> = servers.iter().map(|server| &**server).collect();
        let why = pid.and_then(&why);
        (name.to_owned(), json!({ "connections": connections, "pid": pid, "servers": servers, "why": why }))
    });
    let dark: serde_json::Map<_, _> = dark.collect();
    json!({
        "exchanges": tally.exchanges(), "connections": tally.connections, "open": open, "evicted": tally.evicted,
        "heard_bytes": tally.heard_bytes, "sealed_bytes": tally.sealed_bytes, "unknown_bytes": tally.unknown_bytes,
        "skipped_bytes": tally.skipped_bytes, "lost_bytes": lost, "breaches": tally.breaches,
        "undone": tally.undone, "dark": dark, "ledger": losses::json(&tally.ledger), "kernel": kernel(ledger),
    })
}

/// What the kernel side lost, by cause.
fn lost(ledger: &Ledger) -> [(&'static str, u64); 7] {
    [
        (Cause::RingFull.name(), ledger.ring_full),
        (Cause::Limit.name(), ledger.limit),
        (Cause::Fault.name(), ledger.fault),
        (Cause::Unseen.name(), ledger.unseen),
        (Cause::SampledOut.name(), ledger.sampled_out),
        (Cause::Rate.name(), ledger.rate),
        (Cause::Budget.name(), ledger.budget),
    ]
}

fn kernel(ledger: &Ledger) -> Value {
    let lost: serde_json::Map<_, _> =
        lost(ledger).into_iter().map(|(cause, bytes)| (cause.to_owned(), bytes.into())).collect();
    json!({
        "seen_calls": ledger.seen_calls, "seen_bytes": ledger.seen_bytes, "delivered": ledger.delivered,
        "sealed": ledger.sealed, "twice": ledger.twice,
        "lost": lost,
        "violations": ledger.violations, "crowded": ledger.crowded, "compat_calls": ledger.compat_calls,
        "lost_lives": ledger.lost_lives, "unreadable": ledger.unreadable, "untold_ends": ledger.untold_ends,
        "untold_bytes": ledger.untold_bytes, "left_out_ends": ledger.left_out_ends,
        "left_out_bytes": ledger.left_out_bytes,
    })
}

/// The hooks that are not believed as a name is, a line each; nothing where there are none.
pub(crate) fn hooks(doubtful: &Doubtful) -> String {
    let mut text = String::new();
    for trial in &doubtful.trials {
        let standing = if trial.is_proven() { "proven" } else { "on trial" };
        let Trial { path, writes, reads, withheld } = trial;
        let path = path.display();
        _ = writeln!(
            text,
            "{path}: its TLS functions were found without their names, and are {standing}: {} writes and {} reads fitted \
             the socket, {} and {} did not; {withheld} bytes were not told",
            writes.fits, reads.fits, writes.doubts, reads.doubts
        );
    }
    for (path, why) in &doubtful.distrusted {
        _ = writeln!(text, "{}: no longer watched, because {}", path.display(), against(*why));
    }
    text
}

/// The same as one JSON object.
pub(crate) fn hooks_json(doubtful: &Doubtful) -> Value {
    let trial = |trial: &Trial| {
        let [writes, reads] =
            [trial.writes, trial.reads].map(|of| json!({ "fits": of.fits, "doubts": of.doubts }));
        json!({ "path": trial.path, "proven": trial.is_proven(), "writes": writes, "reads": reads, "withheld": trial.withheld })
    };
    let distrusted = |(path, why): &(PathBuf, Distrust)| json!({ "path": path, "why": against(*why) });
    json!({
        "trials": doubtful.trials.iter().map(trial).collect::<Vec<_>>(),
        "distrusted": doubtful.distrusted.iter().map(distrusted).collect::<Vec<_>>(),
    })
}

/// A number of bytes in the unit that a person would choose.
struct Bytes(u64);

impl std::fmt::Display for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
        match UNITS.iter().find(|(size, _)| self.0 >= *size) {
            Some((size, unit)) => write!(f, "{}.{} {unit}", self.0 / size, self.0 % size * 10 / size),
            None => write!(f, "{} B", self.0),
        }
    }
}
