//! What libbpf and the verifier say, kept for the error that it explains instead of being printed on its own.

use std::sync::{Mutex, PoisonError};

use libbpf_rs::{PrintLevel, set_print};

/// So many bytes of it are kept: a verifier's log ends with its reason, and may be megabytes long.
const KEPT: usize = 4096;

static SAID: Mutex<String> = Mutex::new(String::new());

/// Keeps from now on what would be printed.
pub(super) fn listen() {
    set_print(Some((PrintLevel::Warn, keep)));
}

/// The end of what was said.
pub(super) fn tail() -> String {
    SAID.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn keep(_: PrintLevel, text: String) {
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    said.push_str(&text);
    if let Some(over) = said.len().checked_sub(KEPT) {
        let from = (over..said.len()).find(|at| said.is_char_boundary(*at)).unwrap_or(over);
        said.drain(..from);
    }
}
